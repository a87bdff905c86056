import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts import links
from accounts.models import ApiToken, JournalEntry, Scope, User

pytestmark = pytest.mark.django_db


def run(*words, typed=""):
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(typed))
        call_command(*words, stdout=out)
    return out.getvalue()


def test_an_organizer_signs_in_with_the_password_from_standard_input():
    said = run(
        "create_organizer", "anna@example.org", "--name", "Anna Smirnova", typed="long-enough-1\n"
    )

    assert authenticate(email="anna@example.org", password="long-enough-1")
    assert User.objects.get().get_full_name() == "Anna Smirnova"
    assert "long-enough-1" not in said


def test_a_password_is_made_up_and_said_once_where_none_is_given():
    said = run("create_organizer", "anna@example.org")

    password = said.strip().rpartition(" ")[2]
    assert authenticate(email="anna@example.org", password=password)


def test_a_second_time_changes_the_password_and_makes_nobody():
    run("create_organizer", "anna@example.org", typed="the-first-one\n")
    run("create_organizer", "Anna@example.org", typed="the-second-one\n")

    assert User.objects.count() == 1
    assert authenticate(email="anna@example.org", password="the-second-one")
    assert list(JournalEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "organizer.created",
        "organizer.password_changed",
    ]


@pytest.mark.parametrize(("email", "password"), [("anna", "long-enough-1"), ("a@b.org", "short")])
def test_a_bad_address_or_password_is_refused_in_words(email, password):
    with pytest.raises(CommandError):
        run("create_organizer", email, typed=f"{password}\n")

    assert not User.objects.exists()


def test_a_token_is_printed_once_and_kept_as_a_hash():
    run("create_organizer", "anna@example.org")

    clear = run(
        "create_api_token", "anna@example.org", "--label", "printer", "--scope", "read"
    ).strip()

    token = ApiToken.objects.get()
    assert bytes(token.token_hash) == links.hashed(clear)
    assert (token.label, token.scope) == ("printer", Scope.READ)
    with pytest.raises(CommandError, match="no organizer with the address"):
        run("create_api_token", "nobody@example.org", "--label", "printer")
