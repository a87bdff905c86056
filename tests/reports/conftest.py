"""The sample, loaded once for all tests of a module: each test sees it and changes its own copy."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import transaction
from django.utils import translation

from reports.sample import pair, past
from tests.factories import make_user

NOW = datetime.fromisoformat("2026-05-05T12:00+03:00")


@pytest.fixture(autouse=True)
def _in_russian() -> Iterator[None]:
    """A request leaves its language behind in the thread; here each test begins in Russian."""
    with translation.override("ru"):
        yield


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker) -> Iterator[pair.Pair]:
    """
    Both meetings, as `load_sample` makes them, inside a transaction that is rolled back.

    Tests mark themselves with `django_db` as usual: theirs is a savepoint in it.
    """
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        # As Django's own tests do: a durable use case may run inside.
        whole._from_testcase = True
        whole.__enter__()
        try:
            owner = make_user(email="sample@example.org", host_name="")
            yield pair.make(owner=owner, now=NOW, seed=past.SEED)
        finally:
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
