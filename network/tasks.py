"""The queue finds its tasks here; each stands with what it does."""

from network.alerts import tasks as alerts  # noqa: F401
from network.privacy import retention  # noqa: F401
from network.seeking import tasks as seeking  # noqa: F401
