"""How gunicorn serves: `gunicorn --config config/gunicorn.py config.wsgi:application`; what is given on its command line goes before.

Few threads answer, so none may wait for a client that does not read: what could not be sent for `IDLE_S` is given up.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

IDLE_S = 20  # at most twice as long: the system counts anew when the last of a buffer was taken
workers = 2
threads = 4
preload_app = True
max_requests = 10_000
max_requests_jitter = 1_000
loglevel = "warning"
# for --access-logfile -: no network address, no query, no referrer
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(b)s'
sendfile = False  # it waits for a client without end


def when_ready(server: Any) -> None:
    """Give the listening sockets a time to send in, which accepted connections take over."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", IDLE_S, 0))
