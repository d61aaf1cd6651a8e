"""One database for the whole session: real towns and what is built on them. Tests roll back what they add."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's event loop runs in the test's thread


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):  # type: ignore[no-untyped-def]
    """Load the 413 towns once; every test sees them."""
    from geo import sources

    with django_db_blocker.unblock():
        sources.load_own()
