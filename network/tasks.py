"""The queue finds its tasks here; each stands with what it does."""

from network.alerts import tasks as alerts  # noqa: F401
from network.contacts import tasks as contacts  # noqa: F401
from network.inquiries import tasks as inquiries  # noqa: F401
from network.mailing import tasks as mailing  # noqa: F401
from network.news import tasks as news  # noqa: F401
from network.privacy import retention  # noqa: F401
from network.seeking import tasks as seeking  # noqa: F401
