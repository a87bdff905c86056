"""The product's settings, made quick for tests. The database is tests/engines.py's."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only")
os.environ.setdefault("LINK_KEY", "tests-only-links")
os.environ.setdefault("PUBLIC_URL", "http://testserver")
os.environ.setdefault("DATABASE_URL", "postgres://app@127.0.0.1:1/yavka")

from config.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Nobody has collected static files here; whole servers are asked for them (tests/journeys).
MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")
# No broker in unit tests; the bell has tests of its own.
BELL_RINGS = False
# A marker in var/ would be that of a developer's own installation.
MAIL_EPOCH = "tests"
