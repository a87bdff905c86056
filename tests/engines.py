"""
PostgreSQL and Valkey for the tests: TEST_DATABASE_URL and TEST_REDIS_URL, else our own.

A plugin and no conftest, because the settings read DATABASE_URL when pytest-django loads
them, which is before any conftest. With xdist the controller starts the engines once and
the workers inherit its environment.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from embedded import engines, rootless
from tests import templates


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    wanted = [
        (variable, make)
        for variable, make in [
            ("TEST_DATABASE_URL", engines.postgresql),
            ("TEST_REDIS_URL", engines.valkey),
        ]
        if not os.environ.get(variable)
    ]
    if wanted:
        home = Path(tempfile.mkdtemp(prefix="yavka-tests-"))
        early_config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for variable, make in wanted:
        place = home / variable.lower()
        engine = make(place, durable=False)
        process = engine.start()
        early_config.add_cleanup(lambda place=place: rootless.discard(place))
        early_config.add_cleanup(lambda engine=engine, process=process: engine.stop(process))
        engine.wait_until_ready(process)
        os.environ[variable] = engine.url
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
    os.environ["REDIS_URL"] = os.environ["TEST_REDIS_URL"]
    if templates.RUN not in os.environ:
        os.environ[templates.RUN] = str(os.getpid())
        early_config.add_cleanup(lambda: templates.discard_all(os.environ["TEST_DATABASE_URL"]))
    return (yield)
