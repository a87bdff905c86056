"""
The Celery application of beat alone.

Beat reads the timetable and rings; it runs none of the code, so it loads none: half the
memory of a process that knows every model.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("yavka-beat", fixups=[], set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
