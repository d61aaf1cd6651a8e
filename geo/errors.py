"""The errors a person can cause, and the one table that says which HTTP status each has."""

from __future__ import annotations

from collections.abc import Sequence


class RaumError(Exception):
    """Base of all errors whose text may be shown to the person who caused it."""


class InvalidParameter(RaumError):
    """A request or filter parameter has a value that is not allowed.

    Parameters
    ----------
    name : str
        The parameter as written in the address.
    value : str
        What was given.
    allowed : str
        What is allowed, as a phrase or a list of values.
    """

    def __init__(self, name: str, value: str, allowed: str) -> None:
        self.name, self.value, self.allowed = name, value, allowed
        super().__init__(f"{name}={value}: {allowed}")


class InvalidParameters(RaumError):
    """All invalid parameters of one request together, so that nobody mends them one by one."""

    def __init__(self, errors: Sequence[InvalidParameter]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(str(e) for e in errors))


class InvalidFile(RaumError):
    """A file handed in cannot be read or may not be read."""


class ImportRefused(RaumError):
    """An import was checked and must not be applied."""


class RemoteFailed(RaumError):
    """A remote service may not be asked, or did not answer as it must."""


class NotAllowed(RaumError):
    """The action is not open to this person or in this state."""


class Expired(RaumError):
    """A link of a mail that is no longer good, or never was."""


class TooMany(RaumError):
    """More than one person or one connection may do in a day."""


class Busy(RaumError):
    """The server is at work for others; worth another try after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


STATUS: dict[type[RaumError], int] = {
    InvalidParameter: 400,
    InvalidParameters: 400,
    InvalidFile: 400,
    ImportRefused: 409,
    NotAllowed: 403,
    Expired: 410,
    TooMany: 429,
    RemoteFailed: 502,
    Busy: 503,
    RaumError: 400,
}


def status_of(error: RaumError) -> int:
    """Return the HTTP status for an error: that of its nearest listed ancestor."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
