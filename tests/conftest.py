import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import trans_real
from pytest_django import DjangoDbBlocker

from config import catalogues
from events import regions
from events.models import RegionSet
from tests import flushing, templates

# What takes longest begins first: at the end nobody waits for one worker.
FIRST = ["journeys", "browser", "porch", "faults", "badges"]
# These mostly wait, for the post or for processes to start: between two of them, others work.
WAIT = {"journeys", "faults", "porch/test_run.py", "porch/test_containers.py"}
WORK_BETWEEN = 3
HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    # Compiled catalogues are not committed; the tests and the servers they start need them.
    if catalogues.compile_stale():
        # Read before they were there, when Django was set up: to be read again.
        trans_real._translations.clear()
        trans_real._default = None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        house = item.path.relative_to(HERE).parts[0]
        return FIRST.index(house) if house in FIRST else len(FIRST)

    def waits(scope: list[pytest.Item]) -> bool:
        path = scope[0].path.relative_to(HERE)
        return path.parts[0] in WAIT or path.as_posix() in WAIT

    # A file or class is what one worker is given.
    scopes: dict[str, list[pytest.Item]] = {}
    for item in sorted(items, key=turn):
        scopes.setdefault(item.parent.nodeid, []).append(item)
    work = deque(scope for scope in scopes.values() if not waits(scope))
    items.clear()
    for scope in filter(waits, scopes.values()):
        items += scope
        for _ in range(min(WORK_BETWEEN, len(work))):
            items += work.popleft()
    for scope in work:
        items += scope


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    # Each worker's database is a copy, in which migrating finds nothing left to do.
    default = settings.DATABASES["default"]
    default["TEST"]["TEMPLATE"] = templates.migrated(os.environ["DATABASE_URL"])


@pytest.fixture(autouse=True, scope="session")
def _quick_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        flushing.install(patch)
        yield


@pytest.fixture(autouse=True, scope="module")
def _shipped_regions(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    # A file whose tests commit leaves the database empty, also of what migrations brought.
    # Where no test of the run asks for a database, there is none.
    with django_db_blocker.unblock():
        if RegionSet._meta.db_table in connection.introspection.table_names():
            regions.shipped()


@pytest.fixture(autouse=True)
def _language_of_the_installation() -> Iterator[None]:
    # A page that was asked for leaves its language behind in the thread.
    with translation.override(settings.LANGUAGE_CODE):
        yield
