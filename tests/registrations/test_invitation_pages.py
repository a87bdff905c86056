"""The page of an invited person, and the organizer's page of invitations."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from registrations.invitations import keys
from registrations.models import Invitation, Registration, Status
from tests.factories import (
    category,
    make_consent,
    make_invitation,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def invitation(meeting):
    make_consent(meeting)
    return make_invitation(
        meeting, name="Петрова Анна Сергеевна", organization="Парк «Заречный»", language="en",
        allows_substitute=True,
    )  # fmt: skip


@pytest.fixture
def invited():
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


def page(invitation, path=""):
    return f"/i/{keys.token(invitation)}/{path}"


def answer(invitation, **overrides):
    document = invitation.meeting.consent_documents.get()
    fields = {
        "family_name": "Петрова", "given_name": "Анна", "patronymic": "Сергеевна",
        "organization": "Парк «Заречный»", "position": "Директор", "region": "RU-KLU",
        f"consent_{document.pk}": "on", "key": "k" * 20,
    }  # fmt: skip
    return fields | overrides


def test_the_page_says_who_invites_whom_to_what(invited, invitation):
    said = invited.get(page(invitation)).content.decode()

    assert "Петрова Анна Сергеевна, you are invited" in said
    assert "Association of Parks (demo)" in said
    assert "Meeting of industrial parks" in said
    assert "Member organization" in said
    assert "Send a colleague instead" in said


def test_accepting_asks_for_what_is_not_known(invited, invitation):
    said = invited.get(page(invitation, "accept/")).content.decode()

    assert 'value="Петрова"' in said
    assert 'value="Анна"' in said
    assert "Парк «Заречный»" in said
    assert "petrova@example.org" in said
    assert 'name="email"' not in said
    assert 'name="who"' not in said
    assert 'name="category"' not in said


def test_accepting_leads_to_the_own_page(invited, invitation):
    done = invited.post(
        page(invitation, "accept/"), answer(invitation, email="evil@example.org"), follow=True
    )

    person = Registration.objects.get()
    assert (person.email, person.source, person.language) == (
        "petrova@example.org", "invitation", "en",
    )  # fmt: skip
    assert done.redirect_chain[0][0].startswith("/r/")
    assert "Петрова Анна Сергеевна" in done.content.decode()


def test_the_same_form_again_leads_to_the_same_page(invited, invitation):
    first = invited.post(page(invitation, "accept/"), answer(invitation))
    again = invited.post(page(invitation, "accept/"), answer(invitation))

    assert first["Location"] == again["Location"]
    assert Registration.objects.count() == 1


def test_whoever_has_the_link_later_does_not_get_the_registration(invited, invitation):
    invited.post(page(invitation, "accept/"), answer(invitation))

    later = invited.post(page(invitation, "accept/"), answer(invitation, key="another"))
    looked = invited.get(page(invitation))
    sent = invited.post(page(invitation, "link/"), follow=True)

    assert later["Location"] == page(invitation)
    assert "You have accepted this invitation" in looked.content.decode()
    assert "/r/" not in looked.content.decode()
    assert "We have written to the address" in sent.content.decode()
    assert Message.objects.filter(kind="links").count() == 1


def test_without_consent_or_region_nothing_is_lost(invited, invitation):
    document = invitation.meeting.consent_documents.get()
    wrong = answer(invitation, region="", position="Зам. директора")
    del wrong[f"consent_{document.pk}"]

    shown = invited.post(page(invitation, "accept/"), wrong)

    assert shown.status_code == 422
    assert "Зам. директора" in shown.content.decode()
    assert "Choose a region" in shown.content.decode()
    assert "We may not store what you wrote without this." in shown.content.decode()
    assert not Registration.objects.exists()


def test_an_unbound_invitation_asks_for_the_address(invited, invitation):
    Invitation.objects.update(binds_email=False)

    shown = invited.get(page(invitation, "accept/"))
    invited.post(page(invitation, "accept/"), answer(invitation, email="new@example.org"))

    assert 'value="petrova@example.org"' in shown.content.decode()
    assert Registration.objects.get().email == "new@example.org"


def test_a_full_meeting_without_a_line_says_so_and_keeps_what_was_typed(invited, invitation):
    meeting = invitation.meeting
    meeting.seats.seat_limit, meeting.has_waiting_list = 1, False
    meeting.seats.save()
    meeting.save()
    make_registration(meeting=meeting)

    shown = invited.post(page(invitation, "accept/"), answer(invitation))

    assert shown.status_code == 409
    assert "All seats are taken." in shown.content.decode()
    assert "Директор" in shown.content.decode()


def test_whoever_is_registered_is_told_so(invited, invitation):
    known = make_registration(
        meeting=invitation.meeting, email="petrova@example.org", family_name="Петрова",
        given_name="Анна", patronymic="Сергеевна",
    )  # fmt: skip

    shown = invited.post(page(invitation, "accept/"), answer(invitation))

    assert shown.status_code == 409
    assert "This participant is on the list" in shown.content.decode()
    assert Message.objects.about(f"registration:{known.pk}").get().kind == "link"


def test_declining_and_thinking_better_of_it(invited, invitation):
    asked = invited.get(page(invitation, "decline/"))
    done = invited.post(page(invitation, "decline/"), {"why": "В отпуске"}, follow=True)

    assert "Decline the invitation?" in asked.content.decode()
    assert "You have declined this invitation" in done.content.decode()
    assert "Accept after all" in done.content.decode()
    assert Invitation.objects.get().decline_note == "В отпуске"
    invited.post(page(invitation, "accept/"), answer(invitation))
    assert Registration.objects.get().status == Status.CONFIRMED


def test_a_colleague_is_sent_instead(invited, invitation):
    old = page(invitation)

    shown = invited.get(page(invitation, "colleague/"))
    done = invited.post(
        page(invitation, "colleague/"), {"name": "О'Нил Шон", "email": "oneil@example.org"}
    )

    assert "Your own link stops working" in shown.content.decode()
    assert "oneil@example.org" in done.content.decode()
    invitation.refresh_from_db()
    assert (invitation.name, invitation.instead_of) == ("О'Нил Шон", "Петрова Анна Сергеевна")
    assert keys.token(invitation) not in done.content.decode()
    assert invited.get(old).status_code == 404
    new = invited.get(page(invitation)).content.decode()
    assert "asks you to come instead" in new
    assert "Send a colleague instead" not in new


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "", "email": "li@example.org"}, "Write the name"),
        ({"name": "Ли Ян", "email": ""}, "Write the e-mail"),
        ({"name": "Ли Ян", "email": "li@"}, "This address is mistyped"),
        ({"name": "Ли <b>", "email": "li@example.org"}, "“&lt; &gt;” cannot stand here"),
    ],
)
def test_a_colleague_needs_a_name_and_an_address(invited, invitation, fields, error):
    shown = invited.post(page(invitation, "colleague/"), fields)

    assert shown.status_code == 422
    assert error in shown.content.decode()
    assert Invitation.objects.get().email == "petrova@example.org"


def test_a_personal_invitation_has_no_page_for_colleagues(invited, invitation):
    Invitation.objects.update(allows_substitute=False)

    assert invited.get(page(invitation, "colleague/"))["Location"] == page(invitation)
    invited.post(page(invitation, "colleague/"), {"name": "Ли", "email": "li@example.org"})
    assert Invitation.objects.get().email == "petrova@example.org"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"withdrawn_at": timezone.now()}, "taken this invitation back"),
        ({"expires_at": timezone.now()}, "cannot be answered any more"),
    ],
)
def test_what_cannot_be_answered_says_so_with_the_contact(invited, invitation, fields, says):
    Invitation.objects.update(**fields)

    shown = invited.get(page(invitation)).content.decode()

    assert says in shown
    assert "mailto:org@example.org" in shown
    for path in ("accept/", "decline/", "colleague/"):
        assert invited.get(page(invitation, path))["Location"] == page(invitation)
        assert invited.post(page(invitation, path), answer(invitation)).status_code in (302, 303)
    assert not Registration.objects.exists()


@pytest.mark.parametrize("path", ["", "accept/", "decline/", "colleague/"])
def test_looking_changes_nothing(invited, invitation, path):
    before = Invitation.objects.values().get()

    answer = invited.get(page(invitation, path))

    assert answer.status_code == 200
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert Invitation.objects.values().get() == before
    assert not Registration.objects.exists()


def test_a_link_speaks_the_language_of_its_letter(invitation):
    Invitation.objects.update(language="ru")
    english = Client(headers={"accept-language": "en"})

    assert 'lang="ru"' in english.get(page(invitation)).content.decode()
    assert 'lang="en"' in english.get(page(invitation) + "?lang=en").content.decode()


@pytest.mark.parametrize("path", ["", "accept/", "decline/", "colleague/", "link/"])
def test_an_unknown_link_or_one_of_another_kind_opens_nothing(invited, meeting, invitation, path):
    person = make_registration(meeting=meeting)
    from_elsewhere = [keys.token(invitation)[:-1], "a" * 32, str(person.uid), "'; --"]

    for token in from_elsewhere:
        method = invited.post if path == "link/" else invited.get
        assert method(f"/i/{token}/{path}").status_code == 404
    assert invited.get(f"/d/{keys.token(invitation)}/").status_code == 404
    assert invited.get(f"/r/{keys.token(invitation)}/").status_code == 404


OFFICE = "/manage/parks/invitations/"
FORM = {"name": "Петрова Анна", "email": "petrova@example.org", "category": "member",
        "language": "ru", "binds_email": "on"}  # fmt: skip


def test_an_organizer_invites_sends_changes_reminds_and_takes_back(office, meeting):
    office.post(OFFICE, FORM)
    made = Invitation.objects.get()
    path = f"{OFFICE}{made.uid}/"

    shown = office.get(path).content.decode()
    assert keys.url(made) in shown
    office.post(path, FORM | {"organization": "Парк", "version": "1"})
    office.post(f"{path}step/", {"step": "send"})
    office.post(f"{path}step/", {"step": "remind"})
    office.post(f"{path}step/", {"step": "withdraw"})

    made.refresh_from_db()
    assert (made.organization, made.binds_email) == ("Парк", True)
    assert sorted(Message.objects.values_list("kind", flat=True)) == [
        "invitation", "invitation_reminder",
    ]  # fmt: skip
    assert made.withdrawn_at is not None
    assert "taken back" in office.get(OFFICE).content.decode()


def test_save_and_send_is_one_button(office, meeting):
    answer = office.post(OFFICE, FORM | {"send": "1"}, follow=True)

    assert "1 invitation is on its way." in answer.content.decode()
    assert Message.objects.get().recipient == "petrova@example.org"


def test_whoever_has_an_open_invitation_is_not_invited_twice(office, meeting):
    office.post(OFFICE, FORM)

    answer = office.post(OFFICE, FORM | {"email": "PETROVA@example.org"})

    assert answer.status_code == 422
    assert "has an open invitation already" in answer.content.decode()
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("email", "", "Write the e-mail"),
        ("email", "petrova@", "This address is mistyped"),
        ("name", "Петрова 5", "Digits cannot stand here"),
        ("name", "а" * 251, "at most 250"),
        ("category", "king", "Select a valid choice"),
        ("expires_at", "tomorrow", "Enter a valid date/time"),
    ],
)
def test_what_an_organizer_mistypes_is_said_at_the_field(office, meeting, field, typed, error):
    answer = office.post(OFFICE, FORM | {field: typed})

    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert not Invitation.objects.exists()


ROWS = (
    "ФИО\tE-mail\tОрганизация\tРегион\tКатегория\n"
    "Петрова Анна Сергеевна\tpetrova@example.org\tПарк\tКалужская область\t\n"
    "О'Нил Шон\toneil@example.org\t=СУММ(A1)\t\tПресса\n"
)
TERMS = {"category": "member", "language": "ru", "binds_email": "on"}


def test_a_pasted_list_is_looked_at_and_then_invited(office, meeting):
    press = category(meeting, "press")

    looked = office.post(f"{OFFICE}paste/", TERMS | {"rows": ROWS})
    assert not Invitation.objects.exists()
    done = office.post(f"{OFFICE}paste/", TERMS | {"rows": ROWS, "send": "1"}, follow=True)

    assert "Save and send 2 invitations" in looked.content.decode()
    assert "2 invitations are on their way." in done.content.decode()
    assert list(
        Invitation.objects.order_by("pk").values_list(
            "name", "email", "organization", "region__code", "category"
        )
    ) == [
        ("Петрова Анна Сергеевна", "petrova@example.org", "Парк", "RU-KLU",
         category(meeting).pk),
        ("О'Нил Шон", "oneil@example.org", "=СУММ(A1)", None, press.pk),
    ]  # fmt: skip


def test_a_list_of_mailboxes_alone_is_enough(office, meeting):
    rows = "a@example.org\nb@example.org\n"

    office.post(f"{OFFICE}paste/", TERMS | {"rows": rows, "save": "1"})

    assert sorted(Invitation.objects.values_list("email", flat=True)) == [
        "a@example.org", "b@example.org",
    ]  # fmt: skip
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("Ли Ян\tli@\tПарк", "This address is mistyped"),
        ("Ли Ян\t\tПарк", "Write the e-mail"),
        ("Ли Ян\tpetrova@example.org\tПарк\tАтлантида", "is no region of the list"),
        ("Ли Ян\tli@example.org\tПарк\t\tКороли", "is no category of the meeting"),
        ("Петрова Анна Сергеевна\tPETROVA@example.org\tПарк", "The same as row 1"),
    ],
)
def test_one_wrong_row_keeps_everybody_out(office, meeting, row, error):
    answer = office.post(f"{OFFICE}paste/", TERMS | {"rows": ROWS + row, "save": "1"})

    assert error in answer.content.decode()
    assert not Invitation.objects.exists()


def test_a_row_of_somebody_invited_or_registered_says_so(office, meeting):
    make_invitation(meeting, name="Петрова Анна Сергеевна")
    make_registration(
        meeting=meeting, family_name="О'Нил", given_name="Шон", patronymic="",
        email="oneil@example.org",
    )  # fmt: skip

    said = office.post(f"{OFFICE}paste/", TERMS | {"rows": ROWS, "save": "1"}).content.decode()

    assert "Has an open invitation already." in said
    assert "This person is on the list already." in said
    assert Invitation.objects.count() == 1


def test_too_many_rows_are_refused_as_a_whole(office, meeting):
    rows = "\n".join(f"{n}@example.org" for n in range(1001))

    answer = office.post(f"{OFFICE}paste/", TERMS | {"rows": rows, "save": "1"})

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_those_ticked_are_written_to_else_all_whom_it_concerns(office, meeting):
    _first, second, _third = (make_invitation(meeting, email=f"{n}@example.org") for n in range(3))

    office.post(f"{OFFICE}write/", {"step": "send", "invitation": [str(second.uid), "nonsense"]})
    assert list(Message.objects.values_list("recipient", flat=True)) == [second.email]
    office.post(f"{OFFICE}write/", {"step": "send"})
    answer = office.post(f"{OFFICE}write/", {"step": "remind"}, follow=True)

    assert "3 people are being reminded." in answer.content.decode()
    assert Message.objects.filter(kind="invitation").count() == 3
    assert (
        "There is nobody to remind"
        in office.post(f"{OFFICE}write/", {"step": "remind"}, follow=True).content.decode()
    )


def test_the_list_can_be_narrowed(office, invited, meeting, invitation):
    make_invitation(meeting, name="Ли Ян", email="li@example.org")
    invited.post(page(invitation, "decline/"), {"why": "нет"})

    declined = office.get(f"{OFFICE}?show=declined").content.decode()
    waiting = office.get(f"{OFFICE}?show=waiting").content.decode()
    nonsense = office.get(f"{OFFICE}?show=nonsense&page=-3")

    assert "Петрова" in declined
    assert "Ли Ян" not in declined
    assert "Ли Ян" in waiting
    assert "Петрова" not in waiting
    assert nonsense.status_code == 200


def test_the_participants_page_says_who_was_invited(office, invited, invitation):
    invited.post(page(invitation, "accept/"), answer(invitation))
    person = Registration.objects.get()

    said = office.get(f"/manage/parks/participants/{person.number}/").content.decode()

    assert f"{OFFICE}{invitation.uid}/" in said
    assert "invitation accepted" in said
    assert f"/manage/parks/participants/{person.number}/" in office.get(OFFICE).content.decode()


@pytest.mark.parametrize("path", ["", "paste/", "{uid}/"])
def test_a_strangers_invitations_are_not_found(meeting, invitation, path):
    stranger = Client()
    stranger.force_login(make_user())
    address = f"{OFFICE}{path.format(uid=invitation.uid)}"

    assert stranger.get(address).status_code == 404
    assert stranger.post(address, FORM).status_code == 404
    assert Client().get(address)["Location"].startswith("/accounts/login/")


def test_another_meetings_invitation_is_not_found_here(office, invitation):
    other = make_invitation(make_meeting())

    assert office.get(f"{OFFICE}{other.uid}/").status_code == 404
    office.post(f"{OFFICE}{other.uid}/step/", {"step": "withdraw"})
    assert Invitation.objects.get(pk=other.pk).withdrawn_at is None


def test_the_pages_link_to_the_invitations(office, meeting):
    for place in ("delegations", "participants"):
        assert f'href="{OFFICE}"' in office.get(f"/manage/parks/{place}/").content.decode()


def test_the_list_costs_the_same_number_of_queries_for_one_and_three(
    office, meeting, django_assert_num_queries
):
    make_invitation(meeting)
    with django_assert_num_queries(10):
        office.get(OFFICE)
    make_invitation(meeting, email="b@example.org")
    make_invitation(meeting, email="c@example.org")
    with django_assert_num_queries(10):
        office.get(OFFICE)
