"""Nobody's mailbox is flooded by whoever types its address into a form, however it is spelled."""

import time
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from events.models import Approval, Meeting
from notifications import health, remedies, sparing
from notifications.models import Message, Spared, State
from registrations import (
    amending,
    announcing,
    booking,
    calling_off,
    convening,
    form_stamp,
    lost_links,
    reminders,
    review,
)
from registrations.announcing import Wish
from registrations.delegations import keys, wishes
from registrations.idempotency import Claim
from registrations.models import Registration, Source
from registrations.own_texts import Words
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_delegation,
    make_meeting,
    make_user,
)
from tests.registrations.test_races import at_once
from tests.registrations.test_reminders import DAY_BEFORE, day_before

pytestmark = pytest.mark.django_db
THREADS = pytest.mark.django_db(transaction=True)
VICTIM = "ivan.petrov@gmail.com"
SPELLINGS = [
    VICTIM, "IVAN.PETROV@gmail.com", "ivanpetrov@gmail.com", "i.v.a.n.petrov@gmail.com",
    "ivan.petrov+a@gmail.com", "ivanpetrov+b+c@googlemail.com", "Ivan.Petrov@GoogleMail.COM",
]  # fmt: skip


def sent():
    """What a worker would deliver."""
    return Message.objects.exclude(state__in=[State.DROPPED, State.WITHDRAWN])


def coming(seat_limit=None):
    """A meeting that takes registrations today."""
    starts = timezone.now() + timedelta(days=20)
    return make_meeting(
        starts_at=starts, ends_at=starts + timedelta(hours=3), seat_limit=seat_limit
    )


def register(meeting, *, at=NOON, by=LINK, source=Source.PUBLIC, **overrides):
    return booking.register(
        meeting=meeting, application=make_application(meeting, **overrides), consents=[], at=at,
        by=by, source=source,
    ).registration  # fmt: skip


def filled_in(meeting, number, email, **more):
    letters = "".join("абвгдежзик"[int(digit)] for digit in str(number))
    return {
        "who": "self",
        "key": uuid.uuid4().hex,
        "family_name": f"Иванов{letters}",
        "given_name": "Пётр",
        "email": email,
        "organization": "АО",
        "position": "Директор",
        "region": "RU-KLU",
        "category": str(category(meeting).pk),
        "accepts_waiting": "on",
    } | more


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *((VICTIM, spelling) for spelling in SPELLINGS),
        ("a.b+x@ya.ru", "a-b@yandex.com"),
        ("anna@почта.рф", "Anna+1@XN--80A1ACNY.xn--p1ai."),
        ("a@straße.de", "a@STRASSE.de"),
        ('"anna"@example.org', "anna@example.org"),
    ],
)
def test_spellings_of_one_mailbox_are_one(one, other):
    assert sparing.mailbox(one) == sparing.mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b@example.org", "ab@example.org"),
        ("anna@example.org", "anna@example.com"),
        ("+7900@example.org", "+7901@example.org"),
        ("anna@почта.рф", "anna@почта.бел"),
    ],
)
def test_other_mailboxes_are_others(one, other):
    assert sparing.mailbox(one) != sparing.mailbox(other)


def bomb(client, meetings, *, times):
    """So many registrations for one victim, each from a network of its own."""
    answers = set()
    for number in range(times):
        meeting = meetings[number % len(meetings)]
        email = SPELLINGS[number % len(SPELLINGS)]
        answer = client.post(
            f"/m/{meeting.slug}/register/",
            filled_in(meeting, number, email),
            REMOTE_ADDR=f"10.{number // 250}.{number % 250}.1",
        )
        answers.add((answer.status_code, answer["Location"].startswith("/r/")))
    return answers


@pytest.mark.parametrize("times", [12, pytest.param(500, marks=pytest.mark.long)])
def test_of_many_registrations_for_one_victim_three_mails_leave(client, monkeypatch, times):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    meetings = [coming(), coming(seat_limit=1)]

    answers = bomb(client, meetings, times=times)

    assert answers == {(303, True)}  # whoever sends them learns nothing
    assert Registration.objects.count() == times
    assert sent().count() == 3
    left_out = Message.objects.filter(state=State.DROPPED)
    assert left_out.count() == times - 3
    assert {message.reason for message in left_out} == {sparing.REASON}
    assert "address_spared" not in left_out[0].explanation  # but a sentence
    assert health.look().held_back == times - 3


@pytest.mark.parametrize("times", [5, pytest.param(500, marks=pytest.mark.long)])
def test_nor_do_more_through_the_api(client, times):
    meeting = coming()
    for number in range(times):
        answer = client.post(
            f"/api/v1/meetings/{meeting.slug}/registrations/",
            {
                "family_name": "Иванов" + "абвгдежзик"[number % 10] * (number // 10 + 1),
                "given_name": "Пётр",
                "email": SPELLINGS[number % len(SPELLINGS)],
                "organization": "АО",
                "position": "Директор",
                "region": "RU-KLU",
                "category": "member",
            },
            content_type="application/json",
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        assert answer.status_code == 201, answer.json()

    assert (Registration.objects.count(), sent().count()) == (times, 3)


def test_three_an_hour_and_six_a_day_in_any_hour_and_any_day():
    left = []
    for minutes in range(0, 60 * 49, 10):
        with transaction.atomic():
            stopped = sparing.held_back([VICTIM], at=NOON + timedelta(minutes=minutes))
        left += [] if stopped else [minutes]

    assert left[:7] == [0, 10, 20, 60, 70, 80, 1440]
    for start in left:
        assert len([m for m in left if start <= m < start + 60]) <= 3
        assert len([m for m in left if start <= m < start + 1440]) <= 6


@THREADS
@pytest.mark.parametrize("rounds", [1, pytest.param(30, marks=pytest.mark.long)])
def test_of_many_at_once_exactly_three_pass(rounds):
    for _round in range(rounds):
        Message.objects.all().delete()
        Spared.objects.all().delete()
        # Somebody waits in one of them: counters and mailboxes are locked in one order.
        meetings = [make_meeting(seat_limit=None), make_meeting(seat_limit=1)]
        jobs = [
            lambda meeting=meetings[n % 2], n=n: register(
                meeting, email=VICTIM, submitted_by_email=f"s{n % 2}@example.org"
            )
            for n in range(8)
        ]

        results = at_once(*jobs)

        assert {type(result) for result in results} == {Registration}
        assert sent().filter(recipient=VICTIM).count() == 3


@THREADS
def test_without_the_row_that_all_queue_at_more_would_pass(monkeypatch):
    def looks_first(statement, by_mailbox, *, at):
        goes = Message.objects.count() < 3
        time.sleep(0.2)
        return [(mailbox, goes) for mailbox in by_mailbox]

    monkeypatch.setattr(sparing, "_count", looks_first)
    meeting = make_meeting(seat_limit=None)

    at_once(*(lambda: register(meeting, email=VICTIM) for _ in range(6)))

    assert sent().count() > 3


def test_all_that_a_stranger_can_cause_counts_together():
    meeting = make_meeting(seat_limit=None)
    person = register(meeting, email=VICTIM)
    for _round in range(5):
        booking.cancel(registration=person, at=NOON, by=LINK)
        booking.restore(registration=person, at=NOON, by=LINK)
    lost_links.send(meeting=meeting, email=VICTIM, visitor="v", language="ru", at=NOON)
    with pytest.raises(booking.AlreadyRegistered):
        register(
            meeting, email=VICTIM, family_name=person.family_name, given_name=person.given_name,
            patronymic=person.patronymic,
        )  # fmt: skip
    moved = register(meeting, email="attacker@example.org")
    amending.correct_address(registration=moved, email=VICTIM.upper(), at=NOON, by=LINK)
    register(meeting, email="other@example.org", submitted_by_email=VICTIM, submitted_by_name="Ян")

    to_victim = [m for m in sent() if sparing.mailbox(m.recipient) == sparing.mailbox(VICTIM)]
    assert len(to_victim) == 3


def test_what_an_organizer_causes_is_sent_and_what_was_left_out_can_be():
    meeting = make_meeting(seat_limit=None)
    people = [register(meeting, email=VICTIM) for _ in range(4)]
    assert sent().count() == 3

    booking.cancel(registration=people[0], at=NOON, by=ORGANIZER)
    assert sent().count() == 4

    left_out = Message.objects.get(state=State.DROPPED)
    again = remedies.resend(message=left_out, at=NOON, by=ORGANIZER)
    assert again.state == State.QUEUED


def tell_everybody(meeting):
    """All that an organizer sends to many: a reminder, a message, the meeting moved, called off."""
    reminders.send_due(at=DAY_BEFORE + timedelta(minutes=1))
    wish = Wish(words={"ru": Words(subject="Автобус", paragraphs="В 8:00.")})
    announcement = announcing.draft(meeting=meeting, wish=wish, at=NOON, by=ORGANIZER)
    people = Registration.objects.filter(meeting=meeting)
    announcing.send(announcement=announcement, people=people, version=None, at=NOON, by=ORGANIZER)
    while announcing.write_next(at=NOON):
        pass
    later = {"starts_at": meeting.starts_at + timedelta(hours=1)}
    convening.change(meeting=meeting, changes=later, version=None, at=NOON, by=ORGANIZER)
    calling_off.call_off(meeting=meeting, reason="Карантин", at=NOON, by=ORGANIZER)


TO_MANY = {"reminder", "announcement", "meeting_changed", "called_off"}


@THREADS
@pytest.mark.parametrize("times", [8, pytest.param(500, marks=pytest.mark.long)])
def test_what_goes_to_everybody_is_not_multiplied_by_a_stranger(times):
    meeting = day_before(seat_limit=None)
    other = register(meeting, email="somebody@example.org")
    for number in range(times):
        # The copy to whoever fills in the form tells the victim's mailbox nothing.
        register(meeting, email=VICTIM, submitted_by_email=f"s{number}@example.org")

    tell_everybody(meeting)

    for kind in TO_MANY:
        letters = Message.objects.filter(kind=kind, recipient=VICTIM)
        assert letters.filter(reason=sparing.REASON, state=State.DROPPED).count() == times - 3
        assert letters.exclude(reason=sparing.REASON).count() == 3
        assert Message.objects.exclude(reason=sparing.REASON).filter(
            kind=kind, recipient=other.email
        ).exists()  # fmt: skip


@THREADS
def test_once_the_organizer_has_told_somebody_news_follow():
    meeting = day_before(seat_limit=None)
    people = [register(meeting, email=VICTIM) for _ in range(4)]
    left_out = Message.objects.get(state=State.DROPPED)
    assert left_out.subjects[1] == f"registration:{people[3].pk}"

    remedies.resend(message=left_out, at=NOON, by=ORGANIZER)
    tell_everybody(meeting)

    for kind in TO_MANY:
        assert Message.objects.exclude(reason=sparing.REASON).filter(kind=kind).count() == 4


@THREADS
def test_news_that_were_left_out_can_be_sent_when_they_are_asked_for():
    meeting = day_before(seat_limit=None)
    for _ in range(4):
        register(meeting, email=VICTIM)
    tell_everybody(meeting)

    left_out = Message.objects.get(kind="called_off", state=State.DROPPED)
    assert remedies.resend(message=left_out, at=NOON, by=ORGANIZER).state == State.QUEUED


def in_the_office(meeting):
    client = Client()
    client.force_login(meeting.owners.get())
    return client


@pytest.mark.parametrize("step", ["approve", "decline"])
@pytest.mark.parametrize("times", [10, pytest.param(500, marks=pytest.mark.long)])
def test_deciding_on_all_of_them_does_not_flood_the_mailbox(times, step):
    at = timezone.now()
    meeting = coming()
    Meeting.objects.filter(pk=meeting.pk).update(approval=Approval.MANUAL)
    meeting.refresh_from_db()
    people = [register(meeting, at=at, email=SPELLINGS[n % len(SPELLINGS)]) for n in range(times)]
    assert sent().count() == 3  # requests received

    answer = in_the_office(meeting).post(
        f"/manage/{meeting.slug}/participants/decide/",
        {"step": step, "number": [person.number for person in people]},
        follow=True,
    )

    kind = {"approve": "confirmed", "decline": "declined"}[step]
    assert not Registration.objects.filter(status="pending").exists()
    # Only those that the mailbox had heard of.
    assert sent().filter(kind=kind).count() == 3
    left_out = Message.objects.filter(kind=kind, state=State.DROPPED)
    assert {message.reason for message in left_out} == {sparing.REASON}
    assert left_out.count() == times - 3
    assert f"{times - 3} писем не отправлено" in answer.content.decode()


def test_some_that_were_not_told_of_hear_the_decision_as_the_hours_pass():
    meeting = make_meeting(seat_limit=None, approval=Approval.MANUAL)
    people = [register(meeting, email=VICTIM) for _ in range(5)]
    later = NOON + timedelta(hours=2)

    for person in people:
        review.approve(registration=person, at=later, by=ORGANIZER)

    # Five in a day are not a flood: nobody waits in vain for a ticket.
    assert sent().filter(kind="confirmed").count() == 5
    assert not Message.objects.filter(kind="confirmed", state=State.DROPPED).exists()


def test_what_was_left_out_can_be_sent_to_all_at_once_by_who_asks_for_just_that():
    meeting = coming()
    Meeting.objects.filter(pk=meeting.pk).update(approval=Approval.MANUAL)
    meeting.refresh_from_db()
    people = [register(meeting, at=timezone.now(), email=VICTIM) for _ in range(5)]
    for person in people:
        review.approve(registration=person, at=timezone.now(), by=ORGANIZER)
    assert Message.objects.filter(state=State.DROPPED).count() == 4  # received and confirmed
    office, many = in_the_office(meeting), f"/manage/{meeting.slug}/messages/many/"

    broad = office.get(many, {"act": "resend", "q": "petrov"})
    found = office.get(f"/manage/{meeting.slug}/messages/", {"reason": sparing.REASON})
    exact = office.get(many, {"act": "resend", "reason": sparing.REASON})
    office.post(f"{many}?reason={sparing.REASON}", {"act": "resend"})

    assert [act for act, _words in found.context["acts"]] == ["resend"]
    assert (broad.context["number"], exact.context["number"]) == (0, 2)
    # The last word alone.
    assert {m.kind for m in Message.objects.filter(dedupe_key__startswith="again:")} == {
        "confirmed"
    }
    assert sent().filter(kind="confirmed").count() == 5
    again = office.get(many, {"act": "resend", "reason": sparing.REASON})
    assert again.context["number"] == 0


def test_one_step_says_that_its_mail_was_left_out():
    meeting = coming()
    Meeting.objects.filter(pk=meeting.pk).update(approval=Approval.MANUAL)
    meeting.refresh_from_db()
    people = [register(meeting, at=timezone.now(), email=VICTIM) for _ in range(4)]

    said = []
    for person in (people[0], people[3]):
        answer = in_the_office(meeting).post(
            f"/manage/{meeting.slug}/participants/{person.number}/step/",
            {"step": "approve"},
            follow=True,
        )
        said.append(answer.content.decode())

    assert ["Письмо отправляется" in page for page in said] == [True, False]
    assert [f"{VICTIM}: На этот адрес" in page for page in said] == [False, True]


def test_who_is_told_by_hand_hears_the_next_decision():
    meeting = make_meeting(seat_limit=None, approval=Approval.MANUAL)
    people = [register(meeting, email=VICTIM) for _ in range(4)]
    review.approve(registration=people[3], at=NOON, by=ORGANIZER)
    left_out = Message.objects.get(kind="confirmed")
    assert left_out.reason == sparing.REASON

    remedies.resend(message=left_out, at=NOON, by=ORGANIZER)
    review.decline(registration=people[3], at=NOON, by=ORGANIZER)

    assert Message.objects.get(kind="declined").state == State.QUEUED


def test_a_head_who_refuses_all_of_them_does_not_flood_the_mailbox_either():
    meeting = make_meeting(seat_limit=None, approval=Approval.MANUAL, heads_decide_first=True)
    delegation = make_delegation(meeting)
    kaluga = {"email": VICTIM, "region": delegation.region}
    people = [register(meeting, **kaluga) for _ in range(6)]
    head = keys.head(delegation)

    for person in people:
        wishes.reject(delegation=delegation, registration=person, at=NOON, by=head)

    assert sent().filter(kind="declined").count() == 3


def test_nobody_else_is_held_back_and_the_row_says_nothing_about_whom_it_protects():
    meeting = make_meeting(seat_limit=None)
    for _ in range(5):
        register(meeting, email=VICTIM)
    register(meeting, email="somebody@gmail.com")

    assert sent().filter(recipient="somebody@gmail.com").count() == 1
    assert not [row for row in Spared.objects.all() if "ivan" in row.mailbox]
    assert sparing.forget(at=NOON + timedelta(days=1)) == 0
    assert sparing.forget(at=NOON + timedelta(days=3)) == 2


def test_the_operator_sees_how_much_was_left_out(client, monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    bomb(client, [coming()], times=5)
    out = StringIO()
    call_command("mail", "status", stdout=out)
    operator = make_user(is_staff=True, is_superuser=True)
    assert isinstance(operator, User)
    client.force_login(operator)
    page = client.get(reverse("admin:notifications_health"))

    assert "left out so that nobody is flooded 2, addresses in a day 1" in out.getvalue()
    assert page.status_code == 200
    assert health.look().spared_in_a_day == 1


@THREADS
def test_a_request_that_comes_again_is_no_second_letter():
    meeting = make_meeting(seat_limit=None)
    for number in range(3):
        claim = Claim(scope="registrations", key=f"key{number}", body={"number": number})
        for _again in range(3):
            booked = booking.register(
                meeting=meeting, application=make_application(meeting, email=VICTIM), consents=[],
                at=NOON, by=LINK, claim=claim,
            )  # fmt: skip
    assert (booked.is_new, Registration.objects.count(), sent().count()) == (False, 3, 3)
    [row] = Spared.objects.all()
    assert (len(row.times), row.held_back) == (3, 0)


@THREADS
def test_a_letter_is_counted_in_the_transaction_of_its_cause():
    with pytest.raises(RuntimeError):
        sparing.held_back([VICTIM], at=NOON)
