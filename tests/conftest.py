import pytest

from config import catalogues


def pytest_configure(config: pytest.Config) -> None:
    # Compiled catalogues are not committed; the tests and the servers they start need them.
    catalogues.compile_stale()
