"""WSGI entry point; `gunicorn config.wsgi`."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from geo.memory import keep_little

keep_little()
if not os.environ.get("RW_SECRET_KEY"):
    raise ImproperlyConfigured(
        "RW_SECRET_KEY is missing: 50 random characters, the same for all processes and kept secret (docs/operations.md)."
    )
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
