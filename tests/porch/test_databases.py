"""The databases of the tests themselves: emptied after each, made once and copied."""

import os

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from registrations.models import Registration
from tests import flushing, templates
from tests.factories import make_meeting, make_registration


def filled() -> set[str]:
    """The tables with rows, counted one by one."""
    tables = connection.introspection.django_table_names(only_existing=True)
    with connection.cursor() as cursor:
        found = set()
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            if cursor.fetchone()[0]:
                found.add(table)
    return found


@pytest.mark.django_db(transaction=True)
class TestFlushing:
    def test_nothing_is_left_but_what_is_djangos_own(self):
        make_registration(meeting=make_meeting())
        assert {User._meta.db_table, Registration._meta.db_table} <= filled()

        flushing.delete_everything()

        assert filled() == flushing.KEPT
        assert Permission.objects.filter(codename="add_meeting").exists()
        assert MigrationRecorder.Migration.objects.exists()

    def test_constraints_and_triggers_are_asked_again_afterwards(self):
        make_meeting()

        flushing.delete_everything()

        with connection.cursor() as cursor:
            cursor.execute("SHOW session_replication_role")
            assert cursor.fetchone() == ("origin",)

    def test_1_a_test_that_commits(self):
        make_registration(meeting=make_meeting())

    def test_2_leaves_nothing_to_the_next(self):
        assert filled() == flushing.KEPT


class TestTemplates:
    @pytest.fixture
    def server(self, monkeypatch):
        """The server, and databases of a run that is nobody else's."""
        server = os.environ["DATABASE_URL"]
        monkeypatch.setenv(templates.RUN, f"trial_{os.getpid()}")
        yield server
        templates.discard_all(server)

    def test_one_is_made_once_and_its_words_are_kept(self, server):
        asked = []

        def fill(address):
            asked.append(address)
            with psycopg.connect(address) as inside:
                inside.execute("CREATE TABLE known AS SELECT 5 AS number")
            return "it's there"

        first = templates.made_once(server, "world", fill)
        second = templates.made_once(server, "world", fill)

        assert first == second == (first[0], "it's there")
        assert len(asked) == 1
        with psycopg.connect(templates.url(server, first[0])) as inside:
            assert inside.execute("SELECT number FROM known").fetchone() == (5,)

    def test_one_that_was_not_finished_is_made_anew(self, server):
        def fails(_address):
            raise RuntimeError

        with pytest.raises(RuntimeError):
            templates.made_once(server, "world", fails)

        assert templates.made_once(server, "world", lambda _address: "")[1] == ""

    def test_none_is_left_on_the_server(self, server):
        name, _words = templates.made_once(server, "world", lambda _address: "")

        templates.discard_all(server)

        with psycopg.connect(server) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_database WHERE datname = %s", [name]
            )
            assert found.fetchone() == (0,)
