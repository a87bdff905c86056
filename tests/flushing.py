"""
How a test that commits leaves the database: empty, as soon as can be.

Django truncates every table and writes types and permissions anew, which takes longer than
most of the tests before it. Here rows are deleted, and only where there are any.
"""

from __future__ import annotations

from functools import cache

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

# What migrating writes for Django itself: it belongs to the tables, no test changes it.
KEPT = {"auth_permission", "django_content_type"}


def install(patch: pytest.MonkeyPatch) -> None:
    """Let each test that commits end so."""
    by_truncating = TransactionTestCase._fixture_teardown

    def flush(test: TransactionTestCase) -> None:
        if _may_delete_at_once():
            delete_everything()
        else:
            by_truncating(test)

    patch.setattr(TransactionTestCase, "_fixture_teardown", flush)


def delete_everything() -> None:
    """Leave no row but Django's own; constraints and triggers are not asked."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        (full,) = cursor.fetchone()
        if full:
            # Where all goes, nothing is left that could point to what has gone.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in full))


@cache
def _may_delete_at_once() -> bool:
    """Not where TEST_DATABASE_URL names a role that may make databases and nothing more."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return cursor.fetchone() == ("on",)


@cache
def _which_have_rows() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True))
    found = (
        f"CASE WHEN EXISTS (SELECT FROM \"{table}\") THEN '{table}' END"
        for table in sorted(tables - KEPT)
    )
    return f"SELECT array_remove(ARRAY[{', '.join(found)}], NULL)"
