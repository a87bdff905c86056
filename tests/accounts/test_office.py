"""Signing in, the organizer's defaults and his API tokens, as pages."""

from uuid import uuid4

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts import bearer
from accounts.models import ApiToken, JournalEntry, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _no_throttle_left(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def make_organizer(email: str = "olga@example.org") -> User:
    return User.objects.create_user(email, PASSWORD)


@pytest.mark.parametrize("address", ["manage-account"])
def test_a_visitor_is_asked_to_sign_in(client, address):
    answer = client.get(reverse(address))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_a_wrong_password_is_said_in_words_and_the_address_kept(client):
    make_organizer()

    answer = client.post(
        reverse("account_login"),
        {"login": "olga@example.org", "password": "wrong"},
        headers={"accept-language": "en"},
    )

    assert "do not belong together" in answer.text
    assert 'value="olga@example.org"' in answer.text


def test_the_address_is_known_in_any_case(client):
    make_organizer()

    answer = client.post(
        reverse("account_login"), {"login": "Olga@Example.org", "password": PASSWORD}
    )

    assert answer.status_code == 302


def test_too_many_attempts_are_refused_with_what_to_do(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "sign-in-throttle",
        }
    }
    make_organizer()
    for _attempt in range(6):
        answer = client.post(
            reverse("account_login"),
            {"login": "olga@example.org", "password": "wrong"},
            headers={"accept-language": "en"},
        )

    assert "Wait five minutes" in answer.text


def test_a_storm_of_requests_is_answered_in_our_words(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "sign-in-storm",
        }
    }
    for _attempt in range(21):
        answer = client.post(
            reverse("account_reset_password"),
            {"email": f"nobody-{_attempt}@example.org"},
            headers={"accept-language": "en"},
        )

    assert answer.status_code == 429
    assert "Too many requests" in answer.text


def asks_for_a_password(client, visitor):
    # Attempts with one address are counted too, and are not meant here.
    return client.post(
        reverse("account_reset_password"),
        {"email": f"{uuid4().hex}@example.org"},
        headers={"x-forwarded-for": visitor},
    ).status_code


def test_behind_a_proxy_each_visitor_is_counted_alone(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "sign-in-behind-a-proxy",
        }
    }

    storm = [asks_for_a_password(client, "192.0.2.1") for _attempt in range(21)]

    assert storm[-1] == 429
    assert asks_for_a_password(client, "192.0.2.2") == 302
    # What a visitor writes in front of the proxy's word changes nothing.
    assert asks_for_a_password(client, "192.0.2.9, 192.0.2.1") == 429


def test_whoever_comes_past_the_proxies_is_no_failure(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    assert asks_for_a_password(client, "192.0.2.1") == 302


def test_a_forgotten_password_tells_nobody_who_has_an_account(client):
    make_organizer()
    ours, strange = (
        client.post(
            reverse("account_reset_password"),
            {"email": email},
            headers={"accept-language": "en"},
            follow=True,
        )
        for email in ("olga@example.org", "no@example.org")
    )

    assert (
        ours.redirect_chain
        == strange.redirect_chain
        == [(reverse("account_reset_password_done"), 302)]
    )
    assert ours.content == strange.content
    assert [message.to for message in mail.outbox] == [["olga@example.org"]]
    assert "link" in mail.outbox[0].body


def test_a_mail_server_that_is_down_breaks_no_page(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_organizer()

    answer = client.post(
        reverse("account_reset_password"),
        {"email": "olga@example.org"},
        headers={"accept-language": "en"},
        follow=True,
    )

    assert answer.status_code == 200
    assert "could not be sent just now" in answer.text


def test_the_link_sets_a_new_password(client):
    user = make_organizer()
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = next(word for word in mail.outbox[0].body.split() if "/reset/" in word)

    page = client.get(link.removeprefix("http://testserver"), follow=True)
    client.post(
        page.redirect_chain[-1][0],
        {"password1": "another long one", "password2": "another long one"},
    )

    user.refresh_from_db()
    assert user.check_password("another long one")


def test_nobody_signs_up_by_himself(client):
    answer = client.post(
        reverse("account_signup"), {"email": "new@example.org", "password1": PASSWORD}
    )

    assert answer.status_code == 200
    assert not User.objects.exists()


def test_defaults_are_kept_and_journalled(client):
    user = make_organizer()
    client.force_login(user)

    answer = client.post(
        reverse("manage-account"),
        {"host_name": "Ассоциация парков", "contact_name": "Ольга", "consent_text": "Я согласен"},
    )

    user.refresh_from_db()
    entry = JournalEntry.objects.get()
    assert answer.status_code == 302
    assert user.host_name == "Ассоциация парков"
    assert entry.action == "account.changed"
    assert entry.changes == {"fields": ["consent_text", "contact_name", "host_name"]}


def test_a_token_is_shown_once_and_works_until_it_is_revoked(client, rf):
    user = make_organizer()
    client.force_login(user)

    issued = client.post(reverse("manage-token-issue"), {"label": "Board", "scope": "read"})
    shown = client.get(issued["Location"]).text
    again = client.get(reverse("manage-account")).text
    clear = shown.partition(bearer.PREFIX)[2].partition("<")[0]
    token = ApiToken.objects.get()
    request = rf.get("/", headers={"authorization": f"Bearer {bearer.PREFIX}{clear}"})
    signed_in = bearer.BearerAuthentication().authenticate(request)
    client.post(reverse("manage-token-revoke", args=[token.pk]))
    token.refresh_from_db()

    assert issued.status_code == 303
    assert clear not in again
    assert signed_in == (user, token)
    assert token.revoked_at
    assert [entry.action for entry in JournalEntry.objects.order_by("pk")] == [
        "api_token.issued",
        "api_token.revoked",
    ]


def test_a_stranger_revokes_no_token(client):
    token, _clear = bearer.issue(user=make_organizer(), label="Board", at=timezone.now())
    client.force_login(make_organizer("stranger@example.org"))

    answer = client.post(reverse("manage-token-revoke", args=[token.pk]))

    token.refresh_from_db()
    assert answer.status_code == 404
    assert token.revoked_at is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_with_more_tokens(client, count, django_assert_num_queries):
    user = make_organizer()
    client.force_login(user)
    for number in range(count):
        bearer.issue(user=user, label=str(number), at=timezone.now())

    with django_assert_num_queries(3):
        answer = client.get(reverse("manage-account"))

    assert answer.status_code == 200
