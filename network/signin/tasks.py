"""What signing in leaves behind is forgotten at night."""

from __future__ import annotations

import datetime
import ipaddress
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

WHOLE_FOR = datetime.timedelta(days=7)
KEPT_BITS = {4: 24, 6: 48}


def forget_sign_ins() -> None:
    """Delete sessions that ended, and shorten the network addresses of the others after a week."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    for session in UserSession.objects.filter(last_seen_at__lt=timezone.now() - WHOLE_FOR):
        if not session.purge():
            UserSession.objects.filter(pk=session.pk).update(ip=shortened(session.ip))


def shortened(address: str) -> str:
    """Return an address of the internet without what tells one connection from its neighbours."""
    bits = KEPT_BITS[ipaddress.ip_address(address).version]
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False).network_address)
