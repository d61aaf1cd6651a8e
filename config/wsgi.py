"""WSGI entry point; `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from geo.memory import keep_little

keep_little()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
