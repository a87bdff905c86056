"""Three meetings with one of everything, for tests of what is whose."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from tests.porch import estates


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[estates.World]:
    """Made once; each test sees it and changes its own copy."""
    files = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), files:
        whole = transaction.atomic()
        # As Django's own tests do: a durable use case may run inside.
        whole._from_testcase = True
        whole.__enter__()
        try:
            mine = estates.build(canary=False)
            yield estates.World(
                mine, estates.build(owner=mine.owner, lists=2), estates.build(lists=3)
            )
        finally:
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
