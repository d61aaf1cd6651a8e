"""Who asks: one rule for limits of a day and for lines before costly work."""

from __future__ import annotations

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def connection_of(request: HttpRequest) -> str:
    """Return the address a request comes from, behind as many proxies as are trusted; of IPv6 the network of a household (/64).

    Where no address is told (a socket of the system without a proxy before it) all count as one: they are served, and limited together.
    """
    try:
        address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    except (PermissionDenied, ValueError):
        return "unknown"
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
