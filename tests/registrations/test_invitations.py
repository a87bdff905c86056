"""Invitations: sent to people by name, answered once, within their own terms."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.journal import Actor
from accounts.models import JournalEntry, Via
from events.models import Approval, MeetingStatus
from notifications.models import Message, State
from registrations import amending, booking, erasure, seats
from registrations.idempotency import Claim
from registrations.invitations import answering, keys, replies, sending
from registrations.models import Consent, GivenBy, Invitation, Registration, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_consent,
    make_invitation,
    make_meeting,
    make_registration,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
INVITED = Actor(who="invitation:1", via=Via.LINK)
LATER = NOON + timedelta(days=2)


def accept(invitation, *, consents=(), at=NOON, claim=None, **overrides):
    return answering.accept(
        invitation=invitation,
        application=make_application(invitation.meeting, **overrides),
        consents=list(consents),
        at=at,
        by=INVITED,
        claim=claim,
    )


def decline(invitation, why="", at=NOON):
    return answering.decline(invitation=invitation, why=why, at=at, by=INVITED)


def pass_on(invitation, name="Ли Ян", email="li@example.org", at=NOON):
    return answering.pass_on(invitation=invitation, name=name, email=email, at=at, by=INVITED)


def send(*invitations, at=NOON):
    return sending.send(
        meeting=invitations[0].meeting, invitations=invitations, at=at, by=ORGANIZER
    )


def remind(*invitations, at=LATER):
    return sending.remind(
        meeting=invitations[0].meeting, invitations=invitations, at=at, by=ORGANIZER
    )


def wish(meeting, **overrides):
    fields = {"email": "petrova@example.org", "name": "Петрова Анна", "language": "ru",
              "category": category(meeting)}  # fmt: skip
    return sending.Wish(**fields | overrides)


def state(invitation, at=NOON):
    [line] = replies.lines(invitation.meeting, [Invitation.objects.get(pk=invitation.pk)], at=at)
    return line.reply


def kinds(subject):
    return sorted(Message.objects.about(subject).values_list("kind", flat=True))


def test_an_accepted_invitation_is_a_registration_of_its_own_source():
    meeting = make_meeting()
    invitation = make_invitation(meeting, email="Petrova@example.org")
    document = make_consent(meeting)

    accepted = accept(invitation, consents=[document], email="other@example.org")

    person = accepted.registration
    assert (person.status, person.seat, person.source) == ("confirmed", "within", "invitation")
    assert person.email == "Petrova@example.org"
    assert Consent.objects.get().given_by == GivenBy.SELF
    assert kinds(f"registration:{person.pk}") == ["confirmed"]
    invitation.refresh_from_db()
    assert invitation.registration == person
    assert state(invitation) == "accepted"
    assert seats.audit(meeting.pk) == {}


def test_the_category_is_the_invitations_even_one_that_nobody_may_choose():
    meeting = make_meeting()
    press = category(meeting, "press")
    meeting.categories.filter(pk=press.pk).update(self_selectable=False)

    person = accept(make_invitation(meeting, category=press)).registration

    assert (person.category, person.seat) == (press, "none")


def test_an_invitation_that_is_not_bound_takes_another_address():
    invitation = make_invitation(make_meeting(), binds_email=False)

    assert accept(invitation, email="new@example.org").registration.email == "new@example.org"


@pytest.mark.parametrize(("skips", "status"), [(True, "confirmed"), (False, "pending")])
def test_review_is_skipped_where_so_chosen(skips, status):
    invitation = make_invitation(make_meeting(approval=Approval.MANUAL), skips_review=skips)

    person = accept(invitation).registration
    assert person.status == status
    # Nor when he takes a cancellation back.
    booking.cancel(registration=person, at=NOON, by=LINK)
    assert booking.restore(registration=person, at=NOON, by=LINK).status == status


def test_the_invited_may_come_before_registration_opens_to_everybody():
    meeting = make_meeting(registration_opens_at=NOON + timedelta(days=7))

    assert accept(make_invitation(meeting)).registration.status == Status.CONFIRMED


def test_a_full_meeting_has_a_turn_for_the_invited():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)

    assert accept(make_invitation(meeting)).registration.status == Status.WAITLISTED


def test_without_a_consent_nothing_is_written():
    meeting = make_meeting()
    make_consent(meeting)
    invitation = make_invitation(meeting)

    with pytest.raises(answering.ConsentRequired):
        accept(invitation)

    assert not Registration.objects.exists()


def test_the_same_form_twice_is_one_registration():
    invitation = make_invitation(make_meeting())
    claim = Claim(f"invitation:{invitation.pk}", "key", {"name": "Ли"})

    first = accept(invitation, claim=claim)
    again = accept(invitation, claim=claim)

    assert (first.is_new, again.is_new) == (True, False)
    assert first.registration == again.registration
    assert Registration.objects.count() == 1


def test_the_same_form_after_the_link_was_renewed_opens_nothing():
    invitation = make_invitation(make_meeting())
    claim = Claim(f"invitation:{invitation.pk}", "key", {"name": "Ли"})
    person = accept(invitation, claim=claim).registration
    amending.correct_address(registration=person, email="new@example.org", at=NOON, by=LINK)

    with pytest.raises(answering.InvitationAnswered):
        accept(invitation, claim=claim)


def test_another_request_after_the_answer_gets_nothing():
    invitation = make_invitation(make_meeting())
    accept(invitation, claim=Claim("i", "key", {"name": "Ли"}))

    with pytest.raises(answering.InvitationAnswered):
        accept(invitation, claim=Claim("i", "other", {"name": "Ли"}))
    with pytest.raises(answering.InvitationAnswered):
        accept(invitation)


def test_two_who_accept_at_once_are_one_registration():
    for _ in range(10):
        meeting = make_meeting(seat_limit=5)
        invitation = make_invitation(meeting)

        results = at_once(*(lambda one=invitation: accept(one) for _ in range(2)))

        refused = [result for result in results if isinstance(result, Exception)]
        assert [type(one) for one in refused] == [answering.InvitationAnswered]
        assert Registration.objects.filter(meeting=meeting).count() == 1
        assert seats.audit(meeting.pk) == {}


def test_whoever_is_registered_already_gets_his_link_by_mail():
    meeting = make_meeting(seat_limit=5)
    known = make_registration(meeting=meeting)
    invitation = make_invitation(meeting, email=known.email)

    with pytest.raises(answering.AlreadyRegistered):
        accept(invitation, family_name=known.family_name)

    assert kinds(f"registration:{known.pk}") == ["link"]
    assert state(invitation) == "unsent"


def test_declining_says_why_once():
    invitation = make_invitation(make_meeting())

    decline(invitation, "В отпуске")
    decline(invitation, "И ещё раз")

    invitation.refresh_from_db()
    assert (invitation.declined_at, invitation.decline_note) == (NOON, "В отпуске")
    assert JournalEntry.objects.filter(action="invitation.declined").count() == 1
    assert state(invitation) == "declined"


def test_whoever_declined_may_think_better_of_it():
    invitation = make_invitation(make_meeting())
    decline(invitation, "В отпуске")

    accept(invitation)

    invitation.refresh_from_db()
    assert (invitation.declined_at, invitation.decline_note) == (None, "")


def test_whoever_accepted_cannot_decline():
    invitation = make_invitation(make_meeting())
    accept(invitation)

    with pytest.raises(answering.InvitationAnswered):
        decline(invitation)


@pytest.mark.parametrize("act", [accept, decline, pass_on])
def test_what_is_late_early_or_taken_back_cannot_be_answered(act):
    meeting = make_meeting()
    expired = make_invitation(meeting, expires_at=NOON, allows_substitute=True)
    withdrawn = make_invitation(meeting, name="Ли Ян", allows_substitute=True)
    sending.withdraw(invitation=withdrawn, at=NOON, by=ORGANIZER)
    draft = make_invitation(
        make_meeting(status=MeetingStatus.DRAFT, published_at=None), allows_substitute=True
    )
    closed = make_invitation(make_meeting(edits_close_at=NOON), allows_substitute=True)

    for invitation, refusal in [
        (expired, answering.InvitationClosed),
        (withdrawn, answering.InvitationAnswered),
        (draft, answering.InvitationClosed),
        (closed, answering.InvitationClosed),
    ]:
        with pytest.raises(refusal):
            act(invitation)
    assert not Registration.objects.exists()


def test_a_colleague_gets_the_invitation_and_the_old_link_opens_nothing():
    invitation = make_invitation(
        make_meeting(), name="Петрова Анна", position="Директор", allows_substitute=True
    )
    send(invitation)
    old = keys.token(invitation)

    pass_on(invitation, at=LATER)

    with pytest.raises(keys.LinkUnknown):
        keys.find(old)
    invitation.refresh_from_db()
    assert (invitation.name, invitation.email) == ("Ли Ян", "li@example.org")
    assert (invitation.instead_of, invitation.position) == ("Петрова Анна", "")
    letter = Message.objects.about(f"invitation:{invitation.pk}").get(recipient="li@example.org")
    assert letter.snapshot["instead_of"] == "Петрова Анна"
    assert keys.token(invitation) in letter.snapshot["accept_url"]
    first = Message.objects.exclude(pk=letter.pk).get()
    assert (first.recipient, first.state) == ("petrova@example.org", State.WITHDRAWN)
    assert accept(invitation).registration.email == "li@example.org"


def test_an_invitation_is_passed_on_once_and_only_where_allowed():
    meeting = make_meeting()
    personal = make_invitation(meeting)
    shared = make_invitation(meeting, email="b@example.org", allows_substitute=True)
    pass_on(shared)

    for invitation in (personal, shared):
        with pytest.raises(answering.NotTransferable):
            pass_on(invitation, email="third@example.org")
    assert Message.objects.count() == 1


def test_a_colleague_who_is_invited_already_is_not_invited_twice():
    meeting = make_meeting()
    make_invitation(meeting, name="Ли Ян", email="li@example.org")
    invitation = make_invitation(meeting, allows_substitute=True)

    with pytest.raises(answering.AlreadyInvited):
        pass_on(invitation, name="ЛИ ЯН", email="LI@example.org")

    invitation.refresh_from_db()
    assert invitation.email == "petrova@example.org"
    assert not Message.objects.exists()


def test_many_are_invited_or_none():
    meeting = make_meeting()
    wishes = [wish(meeting), wish(meeting, email="b@example.org"), wish(meeting)]

    with pytest.raises(sending.AlreadyInvited) as refusal:
        sending.invite_many(meeting=meeting, wishes=wishes, at=NOON, by=ORGANIZER)

    assert refusal.value.facts["row"] == 3
    assert not Invitation.objects.exists()


def test_one_address_may_be_invited_for_several_people():
    meeting = make_meeting()
    wishes = [wish(meeting), wish(meeting, name="О'Нил Шон"), wish(meeting, name="")]

    sending.invite_many(meeting=meeting, wishes=wishes, at=NOON, by=ORGANIZER)

    assert Invitation.objects.count() == 3


def test_whoever_declined_can_be_invited_anew():
    meeting = make_meeting()
    decline(make_invitation(meeting))

    make_invitation(meeting)

    assert Invitation.objects.count() == 2


def test_an_invitation_is_sent_once_and_reminded_of_once():
    invitation = make_invitation(make_meeting(), language="en")

    assert send(invitation) == 1
    with pytest.raises(sending.NobodyToWriteTo):
        send(invitation)
    assert remind(invitation) == 1
    with pytest.raises(sending.NobodyToWriteTo):
        remind(invitation)

    first, second = Message.objects.order_by("pk")
    assert (first.kind, second.kind) == ("invitation", "invitation_reminder")
    assert first.expires_at == invitation.meeting.starts_at
    assert first.snapshot["category"] == "Member organization"
    assert first.snapshot["answer_by"] == "26 May, 15:00 Moscow time"
    assert state(invitation) == "reminded"


def test_nobody_is_written_to_who_need_not_be():
    meeting = make_meeting(seat_limit=9)
    accepted, declined, withdrawn, expired, unsent = (
        make_invitation(meeting, email=f"{n}@example.org") for n in range(5)
    )
    accept(accepted)
    decline(declined)
    sending.withdraw(invitation=withdrawn, at=NOON, by=ORGANIZER)
    Invitation.objects.filter(pk=expired.pk).update(expires_at=NOON)
    before = Message.objects.count()

    with pytest.raises(sending.NobodyToWriteTo):
        send(accepted, declined, withdrawn, expired)
    with pytest.raises(sending.NobodyToWriteTo):
        remind(unsent)

    assert Message.objects.count() == before


def test_a_draft_sends_nothing():
    draft = make_meeting(status=MeetingStatus.DRAFT, published_at=None)

    with pytest.raises(sending.NobodyToWriteTo):
        send(make_invitation(draft))


def test_another_address_gets_another_link_and_another_letter():
    invitation = make_invitation(make_meeting())
    send(invitation)
    old = keys.token(invitation)

    sending.change(
        invitation=invitation,
        wish=wish(invitation.meeting, email="right@example.org"),
        version=1,
        at=NOON,
        by=ORGANIZER,
    )

    with pytest.raises(keys.LinkUnknown):
        keys.find(old)
    invitation.refresh_from_db()
    assert (invitation.sent_at, invitation.version) == (None, 2)
    assert Message.objects.get().state == State.WITHDRAWN
    assert send(invitation) == 1


def test_whoever_is_second_to_change_an_invitation_is_told():
    invitation = make_invitation(make_meeting())

    with pytest.raises(sending.StaleVersion):
        sending.change(
            invitation=invitation, wish=wish(invitation.meeting), version=7, at=NOON,
            by=ORGANIZER,
        )  # fmt: skip


def test_an_accepted_invitation_is_neither_changed_nor_taken_back():
    invitation = make_invitation(make_meeting())
    accept(invitation)
    common = {"invitation": invitation, "at": NOON, "by": ORGANIZER}

    with pytest.raises(sending.InvitationAnswered):
        sending.withdraw(**common)
    with pytest.raises(sending.InvitationAnswered):
        sending.renew_link(**common)
    with pytest.raises(sending.InvitationAnswered):
        sending.change(**common, wish=wish(invitation.meeting), version=None)


def test_taking_back_stops_the_letter_and_twice_is_harmless():
    invitation = make_invitation(make_meeting())
    send(invitation)

    for _ in range(2):
        sending.withdraw(invitation=invitation, at=NOON, by=ORGANIZER)

    assert Message.objects.get().state == State.WITHDRAWN
    assert JournalEntry.objects.filter(action="invitation.withdrawn").count() == 1


def test_a_renewed_link_leaves_the_old_one_with_nothing():
    invitation = make_invitation(make_meeting())
    old = keys.token(invitation)

    renewed = sending.renew_link(invitation=invitation, at=NOON, by=ORGANIZER)

    with pytest.raises(keys.LinkUnknown):
        keys.find(old)
    assert keys.find(keys.token(renewed)) == invitation


def test_the_link_to_the_registration_goes_to_its_own_address_three_times_an_hour():
    invitation = make_invitation(make_meeting(), binds_email=False)
    person = accept(invitation, email="own@example.org").registration

    for minute in range(5):
        answering.send_link(invitation=invitation, at=NOON + timedelta(minutes=minute))

    letters = Message.objects.filter(kind="links")
    assert {letter.recipient for letter in letters} == {"own@example.org"}
    assert letters.count() == 3
    assert f"registration:{person.pk}" in letters[0].subjects


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"declined_at": NOON, "registration": True},
        {"withdrawn_at": NOON, "registration": True},
        {"decline_note": "нет"},
        {"reminded_at": NOON},
        {"reminded_at": NOON, "sent_at": LATER},
        {"erased_at": NOON},
    ],
)
def test_the_database_holds_what_an_invitation_promises(wrong):
    meeting = make_meeting()
    invitation = make_invitation(meeting)
    if wrong.get("registration"):
        wrong = wrong | {"registration": make_registration(meeting=meeting)}

    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(**wrong)


def test_a_registration_is_of_one_invitation():
    meeting = make_meeting()
    person = accept(make_invitation(meeting)).registration
    other = make_invitation(meeting, email="b@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=other.pk).update(registration=person)


def test_what_was_invited_is_erased_with_the_person():
    meeting = make_meeting()
    invitation = make_invitation(meeting, organization="Парк")
    send(invitation)
    person = accept(invitation).registration

    erasure.erase(registration=person, at=NOON, by=LINK)

    invitation.refresh_from_db()
    assert (invitation.name, invitation.email, invitation.organization) == ("", "", "")
    assert set(Message.objects.values_list("recipient", flat=True)) == {""}
    assert replies.counts(meeting).accepted == 1


def test_a_purged_meeting_keeps_nobody_whom_it_invited():
    meeting = make_meeting()
    declined = make_invitation(meeting, allows_substitute=True)
    send(declined)
    pass_on(declined)
    decline(declined, "нет")
    long_after = meeting.ends_at + timedelta(days=meeting.retention_days)

    erasure.forget_due(at=long_after)

    declined.refresh_from_db()
    assert declined.erased_at == long_after
    assert (declined.name, declined.email, declined.instead_of, declined.decline_note) == (
        "", "", "", "",
    )  # fmt: skip
    assert set(Message.objects.values_list("recipient", flat=True)) == {""}
    with pytest.raises(keys.LinkUnknown):
        keys.find(keys.token(declined))


def test_a_cancelled_registration_leaves_the_invitation_accepted():
    invitation = make_invitation(make_meeting())
    person = accept(invitation).registration

    booking.cancel(registration=person, at=NOON, by=LINK)

    assert state(invitation) == "accepted"


def test_counts_leave_out_what_was_taken_back():
    meeting = make_meeting(seat_limit=9)
    accepted, declined, sent, withdrawn, _unsent = (
        make_invitation(meeting, email=f"{n}@example.org") for n in range(5)
    )
    accept(accepted)
    decline(declined)
    send(sent)
    sending.withdraw(invitation=withdrawn, at=NOON, by=ORGANIZER)

    found = replies.counts(meeting)

    assert (found.invited, found.accepted, found.declined, found.unsent) == (4, 1, 1, 1)
    assert (found.answered, found.waiting) == (2, 2)


def test_a_mail_that_came_back_is_said():
    invitation = make_invitation(make_meeting())
    send(invitation)
    Message.objects.update(state=State.FAILED)

    assert state(invitation) == "bounced"


def test_looking_at_the_letters_costs_the_same_for_one_and_three(django_assert_num_queries):
    for expected in (1, 3):
        meeting = make_meeting()
        made = [make_invitation(meeting, email=f"{n}@example.org") for n in range(expected)]
        send(*made)
        with django_assert_num_queries(1):
            assert len(replies.lines(meeting, made, at=NOON)) == expected
