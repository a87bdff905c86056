"""The pages of strangers: the meeting and the form, without script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from events import regions
from events.models import Format, Meeting, MeetingStatus, WaitingPolicy
from registrations import form_stamp, links, standing
from registrations.models import Consent, GivenBy, Registration, Status
from tests.factories import NOON, make_consent, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_pages() -> None:
    cache.clear()


def soon(**overrides: Any) -> Meeting:
    """A meeting that the server's own clock finds open."""
    starts = timezone.now() + timedelta(days=20)
    fields = {"starts_at": starts, "ends_at": starts + timedelta(hours=3), "seat_limit": 5}
    return make_meeting(**fields | overrides)


def filled_in(client: Client, meeting: Meeting, **overrides: Any) -> dict[str, Any]:
    """What a browser would send: the hidden fields of the page and the person's answers."""
    page = client.get(f"/m/{meeting.slug}/register/").content.decode()
    hidden = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', page)
    region = meeting.region_set.regions.get(code="RU-KLU")
    data = dict(hidden) | {
        "stamp": "",
        "who": "self",
        "family_name": "Ёлкина",
        "given_name": "Мария",
        "patronymic": "Сергеевна",
        "email": "m@example.org",
        "organization": "АО «Северный берег»",
        "position": "Директор",
        "region": region.code,
        "category": str(meeting.categories.order_by("position", "pk").first().pk),
    }
    for document in meeting.consent_documents.current():
        data[f"consent_{document.pk}"] = "on"
    return data | overrides


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))


def send(client: Client, meeting: Meeting, **overrides: Any) -> Any:
    data = filled_in(client, meeting, **overrides)
    return client.post(f"/m/{meeting.slug}/register/", data)


def test_a_participant_registers_and_stands_on_his_own_page(client: Client) -> None:
    meeting = soon()
    make_consent(meeting)

    answer = send(client, meeting, time_zone="Asia/Vladivostok", phone="8 (495) 000-00-00")

    registration = Registration.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/r/{links.token(registration)}/"
    assert registration.status == Status.CONFIRMED
    assert registration.region.code == "RU-KLU"
    assert registration.time_zone == "Asia/Vladivostok"
    assert registration.phone == "+74950000000"
    assert Consent.objects.get().registration == registration
    page = client.get(answer["Location"]).content.decode()
    assert registration.spoken_number in page
    assert "Ёлкина Мария Сергеевна" in page


def test_pressing_twice_is_one_registration(client: Client) -> None:
    meeting = soon()
    data = filled_in(client, meeting)

    first = client.post(f"/m/{meeting.slug}/register/", data)
    second = client.post(f"/m/{meeting.slug}/register/", data)

    assert first["Location"] == second["Location"]
    assert Registration.objects.count() == 1


@pytest.mark.parametrize("has_waiting_list", [True, False])
def test_pressing_twice_for_the_last_seat_leads_to_the_own_page_twice(
    client: Client, has_waiting_list: bool
) -> None:
    meeting = soon(seat_limit=1, has_waiting_list=has_waiting_list)
    data = filled_in(client, meeting)

    first = client.post(f"/m/{meeting.slug}/register/", data)
    second = client.post(f"/m/{meeting.slug}/register/", data)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert client.post(f"/m/{meeting.slug}/register/", data | {"key": "x"}).status_code == 409


def test_the_same_form_with_another_name_registers_somebody_else(client: Client) -> None:
    meeting = soon()
    data = filled_in(client, meeting)

    client.post(f"/m/{meeting.slug}/register/", data)
    client.post(f"/m/{meeting.slug}/register/", data | {"given_name": "Анна"})

    assert Registration.objects.count() == 2


def test_mistakes_are_named_and_nothing_typed_is_lost(client: Client) -> None:
    meeting = soon()
    make_consent(meeting)
    document = meeting.consent_documents.get()

    answer = send(
        client,
        meeting,
        email="m@",
        region="",
        region_typed="Калужзкая",
        organization="Очень <особая> организация",
        **{f"consent_{document.pk}": ""},
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_email"' in page
    assert f'href="#id_consent_{document.pk}"' in page
    assert "Калужская область" in page.partition('href="#id_region"')[2].partition("</a>")[0]
    assert "Очень &lt;особая&gt; организация" in page
    assert 'value="Ёлкина"' in page
    assert not Registration.objects.exists()


# Composed, this letter of Hindi is two: the text grows after it was typed.
GROWS = "\u0958"
LONG_ADDRESS = "a@" + f"{'b' * 60}." * 4 + "example.org"
TOO_LONG = {
    "organization": GROWS * 300,
    "position": GROWS * 300,
    "phone": GROWS * 40,
    "submitted_by_name": GROWS * 250,
    "email": LONG_ADDRESS,
    "submitted_by_email": LONG_ADDRESS,
}


@pytest.mark.parametrize("field", TOO_LONG)
def test_what_does_not_fit_its_column_is_too_long(client: Client, field: str) -> None:
    meeting = soon(asks_phone=True)
    assistant = {"submitted_by_name": "Ирина", "submitted_by_email": "a@example.org"}

    page = send(client, meeting, who="other", **assistant | {field: TOO_LONG[field]})

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not Registration.objects.exists()


def test_another_language_keeps_what_was_typed_and_books_nothing(client: Client) -> None:
    meeting = soon()
    data = filled_in(client, meeting, family_name="О’Коннор", given_name="", language_only="")

    page = client.post(f"/m/{meeting.slug}/register/?lang=en", data)

    words = page.content.decode()
    assert page.status_code == 200
    assert 'lang="en"' in words
    assert "О’Коннор" in words
    assert f'value="{data["key"]}"' in words
    assert "errorlist" not in words
    assert page.context["form"]["position"].value() == data["position"]
    assert not Registration.objects.exists()


def test_a_region_typed_in_other_words_is_understood_without_script(client: Client) -> None:
    meeting = soon(region_set=regions.shipped())

    send(client, meeting, region="", region_typed="Moscow Oblast")

    assert Registration.objects.get().region.code == "RU-MOS"


def test_no_region_is_an_answer(client: Client) -> None:
    send(client, soon(), region="none")

    assert Registration.objects.get().region is None


def test_a_form_filled_in_by_a_program_is_not_booked_and_says_so(client: Client) -> None:
    answer = send(client, soon(), website="https://spam.example")

    assert answer.status_code == 422
    assert 'value="https://spam.example"' in answer.content.decode()
    assert not Registration.objects.exists()


def test_a_form_sent_at_once_asks_to_press_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = soon()
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (False, "fresh"))

    answer = send(client, meeting)

    assert answer.status_code == 422
    assert 'name="stamp" value="fresh"' in answer.content.decode()
    assert 'value="Ёлкина"' in answer.content.decode()
    assert not Registration.objects.exists()


def test_the_last_seat_gone_while_typing_offers_the_waiting_list(client: Client) -> None:
    meeting = soon(seat_limit=1)
    data = filled_in(client, meeting)
    make_registration(meeting=meeting)

    offer = client.post(f"/m/{meeting.slug}/register/", data)
    again = dict(
        re.findall(
            r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', offer.content.decode()
        )
    )
    taken = client.post(f"/m/{meeting.slug}/register/", data | again)

    assert offer.status_code == 409
    assert 'value="Ёлкина"' in offer.content.decode()
    assert taken.status_code == 303
    assert Registration.objects.get(family_name="Ёлкина").status == Status.WAITLISTED


@pytest.mark.parametrize("policy", WaitingPolicy)
def test_whoever_is_about_to_wait_is_told_the_meetings_rule(client: Client, policy: str) -> None:
    meeting = soon(seat_limit=0, waiting_policy=policy)

    form = client.get(f"/m/{meeting.slug}/register/?lang=en").content.decode()
    own = client.get(send(client, meeting)["Location"] + "?lang=en").content.decode()

    others = [rule for rule in WaitingPolicy if rule != policy]
    with translation.override("en"):
        for page in (form, own):
            assert str(standing.RULES[WaitingPolicy(policy)]) in page
            assert not any(str(standing.RULES[rule]) in page for rule in others)


def test_a_duplicate_is_told_that_the_link_was_sent_and_nothing_else(client: Client) -> None:
    meeting = soon()
    send(client, meeting)

    answer = send(client, meeting)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert Registration.objects.count() == 1
    assert "m@example.org" not in page
    assert "Ёлкина" not in page


def test_an_assistant_says_who_he_is(client: Client) -> None:
    meeting = soon()

    refused = send(client, meeting, who="other")
    send(
        client,
        meeting,
        who="other",
        submitted_by_name="Ирина Секретарь",
        submitted_by_email="assistant@example.org",
    )

    registration = Registration.objects.get()
    assert refused.status_code == 422
    assert registration.family_name == "Ёлкина"
    assert registration.submitted_by_email == "assistant@example.org"


def test_a_consent_for_somebody_else_is_that_persons(client: Client) -> None:
    meeting = soon()
    make_consent(meeting)

    page = client.get(f"/m/{meeting.slug}/register/?lang=ru").content.decode()
    send(
        client,
        meeting,
        who="other",
        submitted_by_name="Ирина Секретарь",
        submitted_by_email="assistant@example.org",
    )

    assert "Участник дал согласие на обработку данных" in page
    assert Consent.objects.get().given_by == GivenBy.PROXY


def test_whoever_registers_himself_is_nobodys_assistant(client: Client) -> None:
    send(client, soon(), submitted_by_name="Ирина", submitted_by_email="a@example.org")

    assert Registration.objects.get().submitted_by_email == ""


def test_the_way_of_taking_part_is_asked_in_a_hybrid_meeting_only(client: Client) -> None:
    hybrid, here = soon(format=Format.HYBRID), soon()

    asked = client.get(f"/m/{hybrid.slug}/register/").content.decode()
    not_asked = client.get(f"/m/{here.slug}/register/").content.decode()

    assert 'name="attendance_mode"' in asked
    assert 'name="attendance_mode"' not in not_asked


def test_the_registration_speaks_the_language_it_was_made_in(client: Client) -> None:
    meeting = soon()

    answer = client.post(f"/m/{meeting.slug}/register/?lang=en", filled_in(client, meeting))

    assert Registration.objects.get().language == "en"
    stranger = Client()
    assert 'lang="en"' in stranger.get(answer["Location"]).content.decode()[:60]
    assert 'lang="ru"' in stranger.get(answer["Location"] + "?lang=ru").content.decode()[:60]


@pytest.mark.parametrize(
    ("shift", "says_register"), [({}, True), ({"registration_closes_at": -1}, False)]
)
def test_the_meeting_page_offers_registration_while_it_is_open(
    client: Client, shift: dict[str, int], says_register: bool
) -> None:
    meeting = soon(**{k: timezone.now() + timedelta(days=v) for k, v in shift.items()})

    page = client.get(f"/m/{meeting.slug}/").content.decode()

    assert (f"/m/{meeting.slug}/register/" in page) is says_register


def test_a_closed_meeting_explains_itself_instead_of_a_form(client: Client) -> None:
    meeting = soon(registration_closes_at=timezone.now() - timedelta(days=1))

    answer = client.get(f"/m/{meeting.slug}/register/")

    assert answer.status_code == 200
    assert "<form" not in answer.content.decode()
    assert "org@example.org" in answer.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": MeetingStatus.CANCELLED, "cancelled_at": NOON},
        {"starts_at": NOON, "ends_at": NOON + timedelta(hours=3)},
    ],
)
def test_nobody_is_asked_to_write_for_a_seat_where_none_is_to_be_had(
    client: Client, fields: dict[str, Any]
) -> None:
    meeting = soon(**fields)

    page = client.get(f"/m/{meeting.slug}/register/?lang=ru").content.decode()

    assert "Если вам необходимо участвовать" not in page


def test_a_mistyped_address_is_called_so(client: Client) -> None:
    answer = send(client, soon(), email="jp@exmaple,ru")

    assert "Адрес написан с ошибкой" in answer.content.decode()


def test_a_draft_is_seen_by_its_organizer_alone(client: Client) -> None:
    owner = make_user()
    meeting = soon(status=MeetingStatus.DRAFT, published_at=None, owner=owner)

    assert client.get(f"/m/{meeting.slug}/").status_code == 404
    assert client.get(f"/m/{meeting.slug}/register/").status_code == 404
    client.force_login(make_user())
    assert client.get(f"/m/{meeting.slug}/").status_code == 404
    client.force_login(owner)
    assert client.get(f"/m/{meeting.slug}/").status_code == 200


def test_a_kept_page_costs_one_query_and_shows_the_seats_as_they_are(
    client: Client, django_assert_num_queries: Any
) -> None:
    meeting = soon(seat_limit=4)
    client.get(f"/m/{meeting.slug}/")

    with django_assert_num_queries(1):
        before = client.get(f"/m/{meeting.slug}/").content.decode()
    make_registration(meeting=meeting)
    after = client.get(f"/m/{meeting.slug}/").content.decode()

    assert '<span class="num">4</span>' in before
    assert '<span class="num">3</span>' in after


def test_a_meeting_page_is_light(client: Client) -> None:
    meeting = soon(summary="Слово " * 300, summary_alt="Word " * 300)

    answer = client.get(f"/m/{meeting.slug}/")

    assert len(answer.content) < 20_000


def test_markdown_of_a_meeting_harms_nobody(client: Client) -> None:
    meeting = soon(summary="# Заголовок\n\n<script>x()</script> [зло](javascript:x()) **важно**")

    page = client.get(f"/m/{meeting.slug}/").content.decode()

    assert "<script>x" not in page
    assert "javascript:" not in page.replace("javascript:x())", "")
    assert "<strong>важно</strong>" in page
    assert page.count("<h1") == 1


def test_the_page_tells_search_engines_what_the_reader_sees(client: Client) -> None:
    meeting = soon(title="Совещание </script><b>")

    page = client.get(f"/m/{meeting.slug}/").content.decode()

    data = page.partition('application/ld+json">')[2].partition("</script>")[0]
    assert '"@type": "Event"' in data
    assert "\\u003C/script\\u003E" in data


def test_the_programs_name_is_on_no_page_of_participants(client: Client) -> None:
    meeting = soon()
    make_consent(meeting)
    registration = make_registration(meeting=meeting)
    token = links.token(registration)
    pages = [
        "/", f"/m/{meeting.slug}/", f"/m/{meeting.slug}/register/",
        f"/m/{meeting.slug}/consent/processing/", f"/r/{token}/", "/nothing-here/",
        *(f"/r/{token}/{page}/" for page in
          ("change", "cancel", "address", "another", "data", "erase", "unsubscribe")),
    ]  # fmt: skip

    for page in pages:
        text = client.get(page).content.decode()
        assert "Yavka" not in text, page
        assert "<h1" in text, page
        assert "style=" not in text, page
