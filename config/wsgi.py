import os

from django.core.wsgi import get_wsgi_application

from config import charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = charset.only_utf8(get_wsgi_application())
