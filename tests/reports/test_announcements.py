"""One message to many: whom it reaches, that it comes once, that it can be taken back."""

import email
import email.policy
import json
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import JournalEntry
from events.models import MeetingStatus
from notifications import composing, rendering, suppressing
from notifications.models import Message, State
from registrations import (
    amending,
    announcement_files,
    announcement_letters,
    announcement_reach,
    announcing,
    consents,
    erasure,
    links,
    session_seats,
)
from registrations.announcement_files import FileNotAccepted
from registrations.announcing import AnnouncementGone, NobodyToWrite, NotReady, Wish
from registrations.idempotency import Claim
from registrations.models import (
    Announcement,
    AnnouncementFile,
    AnnouncementRecipient,
    AnnouncementState,
    Consent,
    Fate,
    GivenBy,
    Registration,
    Status,
)
from registrations.own_texts import Words
from registrations.placeholders import TextNotAccepted
from registrations.transitions import StaleVersion
from reports import deliveries, recipients, roster
from reports.announcement_serializers import CriteriaSerializer
from reports.recipients import FilterUnknown
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_access_code,
    make_meeting,
    make_registration,
    make_session,
    make_user,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7\n..."
RU = {"ru": Words(subject="Автобус: {short_title}", paragraphs="{name}, автобус в 8:00.")}
BOTH = RU | {"en": Words(subject="Bus: {short_title}", paragraphs="{name}, the bus is at 8.")}


def draft(meeting, **overrides):
    wish = Wish(**{"words": RU} | overrides)
    return announcing.draft(meeting=meeting, wish=wish, at=NOON, by=ORGANIZER)


def attach(announcement, *, name, content):
    return announcing.attach(
        announcement=announcement, name=name, content=content, at=NOON, by=ORGANIZER
    )


def choose(registration, session):
    with transaction.atomic():
        session_seats.take(registration, session, at=NOON)


def everybody(meeting):
    return recipients.people(meeting, {})


def send(announcement, *, at=NOON, version=None, people=None):
    if people is None:
        people = recipients.people(announcement.meeting, announcement.criteria)
    return announcing.send(
        announcement=announcement, people=people, version=version, at=at, by=ORGANIZER
    )


def write_all(at=NOON):
    while announcing.write_next(at=at):
        pass


def letters():
    return Message.objects.filter(kind="announcement").order_by("pk")


def test_everybody_on_the_list_is_written_to_once_in_the_language_he_reads():
    meeting = make_meeting(seat_limit=None)
    anna = make_registration(meeting=meeting, family_name="Ан", given_name="Анна", patronymic="")
    make_registration(
        meeting=meeting, family_name="Smith", given_name="Bob", patronymic="", language="en"
    )
    make_registration(meeting=meeting, status=Status.DECLINED)

    sent = send(draft(meeting, words=BOTH))
    write_all()
    sent.refresh_from_db()

    mails = {one.recipient_name: rendering.render(one) for one in letters()}
    assert sorted(mails) == ["Smith Bob", "Ан Анна"]
    assert mails["Ан Анна"].subject == "Автобус: Совещание парков"
    assert "Ан Анна, автобус в 8:00." in mails["Ан Анна"].text
    assert "Здравствуйте, Анна!" in mails["Ан Анна"].text
    assert mails["Smith Bob"].subject == "Bus: Meeting of parks"
    assert sent.state == AnnouncementState.WRITTEN
    assert links.manage_url(anna) in mails["Ан Анна"].text


def test_whoever_reads_another_language_gets_the_one_that_was_written():
    meeting = make_meeting()
    make_registration(meeting=meeting, language="en")
    send(draft(meeting))
    write_all()

    message = letters().get()
    assert message.language == "ru"
    assert rendering.render(message).text.startswith("Здравствуйте, ")


def test_it_carries_a_way_out_and_its_own_care():
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    send(draft(meeting))
    write_all()
    message = letters().get()

    raw = email.message_from_bytes(composing.compose(message, NOON), policy=email.policy.SMTP)

    assert (message.care, message.priority) == ("b", 9)
    assert message.subjects == [
        f"meeting:{meeting.pk}", f"registration:{person.pk}",
        f"announcement:{Announcement.objects.get().pk}",
    ]  # fmt: skip
    assert raw["List-Unsubscribe"] == f"<{links.unsubscribe_url(person)}>"
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_who_has_no_address_or_unsubscribed_is_told_of_and_not_written_to():
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting, email="")
    gone = make_registration(meeting=meeting)
    amending.unsubscribe(registration=gone, at=NOON, by=LINK)
    one = draft(meeting)

    reach = announcement_reach.reach(one, everybody(meeting), at=NOON)
    send(one)
    write_all()

    assert (reach.people, reach.written_to, reach.no_address, reach.unsubscribed) == (3, 1, 1, 1)
    assert letters().count() == 1
    counts = deliveries.counts(one)
    assert (counts["meant"], counts["waiting"]) == (3, 1)
    assert (counts["no_address"], counts["unsubscribed"]) == (1, 1)


def test_whom_nothing_is_sent_to_is_told_of_beforehand_and_counted_afterwards():
    meeting = make_meeting(seat_limit=5)
    make_registration(meeting=meeting)
    stopped = make_registration(meeting=meeting, email="Gone@example.org")
    first = send(draft(meeting))
    write_all()
    suppressing.stop(message=letters().get(recipient=stopped.email), at=NOON, by=ORGANIZER)
    one = draft(meeting)

    reach = announcement_reach.reach(one, everybody(meeting), at=NOON)
    send(one)
    write_all()

    assert (reach.people, reach.written_to, reach.stopped) == (2, 1, 1)
    for sent in (first, one):
        counts = deliveries.counts(sent)
        meant = counts.pop("meant")
        assert (counts["waiting"], counts["left_out"]) == (1, 1)
        assert sum(counts.values()) == meant == 2


def test_it_is_on_its_way_until_the_last_letter_has_left(office):
    client, _organizer, meeting = office
    make_registration(meeting=meeting)
    one = send(draft(meeting))
    write_all()
    pages = [f"/manage/{meeting.slug}/messages/announcements/{end}" for end in ("", f"{one.uid}/")]

    for page in pages:
        assert "рассылается" in client.get(page).content.decode()
    Message.objects.update(state=State.SENT, sent_at=NOON)
    for page in pages:
        shown = client.get(page).content.decode()
        assert "рассылается" not in shown
        assert ">отправлено<" in shown


def test_unsubscribing_stops_what_waits_of_this_meeting_and_of_no_other():
    here, there = make_meeting(), make_meeting()
    person = make_registration(meeting=here, email="a@example.org")
    make_registration(meeting=there, email="a@example.org")
    send(draft(here)), send(draft(there))
    write_all()

    amending.unsubscribe(registration=person, at=NOON, by=LINK)

    states = {one.subjects[0]: one.state for one in letters()}
    assert states == {f"meeting:{here.pk}": State.WITHDRAWN, f"meeting:{there.pk}": State.QUEUED}


def test_unsubscribing_between_sending_and_writing_is_respected():
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    one = send(draft(meeting))
    amending.unsubscribe(registration=person, at=NOON, by=LINK)
    write_all()

    assert letters().count() == 0
    assert one.recipients.get().fate == Fate.UNSUBSCRIBED


def test_other_mail_goes_only_to_who_agreed_to_it():
    meeting = make_meeting()
    agreed, _other = make_registration(meeting=meeting), make_registration(meeting=meeting)
    with transaction.atomic():
        document = consents.write(
            meeting=meeting, kind="advertising", title="рассылку", text="Да.", at=NOON,
            is_required=False,
        )  # fmt: skip
    Consent.objects.create(
        registration=agreed, document=document, given_at=NOON, given_by=GivenBy.values[0]
    )
    one = draft(meeting, is_advertising=True)

    reach = announcement_reach.reach(one, everybody(meeting), at=NOON)
    send(one)
    write_all()

    assert (reach.written_to, reach.no_consent) == (1, 1)
    assert [m.recipient for m in letters()] == [agreed.email]


def test_at_night_it_waits_until_morning_where_the_person_is_and_the_preview_says_so():
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting, time_zone="Asia/Vladivostok")
    make_registration(meeting=meeting)
    one = draft(meeting)
    # Noon in UTC: 15:00 in Moscow, 22:00 in Vladivostok.
    reach = announcement_reach.reach(one, everybody(meeting), at=NOON)
    send(one)
    write_all()

    assert (reach.now, reach.later) == (1, 1)
    times = sorted(message.not_before for message in letters())
    assert times == [NOON + timedelta(seconds=60), NOON + timedelta(hours=11)]


def test_a_day_before_the_start_nobody_is_spared():
    meeting = make_meeting()
    make_registration(meeting=meeting, time_zone="Asia/Vladivostok")
    at = meeting.starts_at - timedelta(hours=23)

    reach = announcement_reach.reach(draft(meeting), everybody(meeting), at=at)

    assert (reach.now, reach.later) == (1, 0)


def test_nothing_leaves_for_a_minute_and_all_of_it_can_be_taken_back():
    meeting = make_meeting(seat_limit=None)
    for _n in range(3):
        make_registration(meeting=meeting)
    one = send(draft(meeting), at=timezone.now())
    write_all()
    assert Message.objects.due().filter(kind="announcement").count() == 0

    stopped = announcing.take_back(announcement=one, at=NOON, by=ORGANIZER)
    again = announcing.take_back(announcement=one, at=NOON, by=ORGANIZER)

    assert (stopped, again) == (3, 0)
    assert set(letters().values_list("state", "reason")) == {(State.WITHDRAWN, "taken_back")}
    one.refresh_from_db()
    assert one.state == AnnouncementState.TAKEN_BACK
    assert [e.changes for e in JournalEntry.objects.filter(action="announcement.taken_back")] == [
        {"letters": 3}
    ]


def test_what_is_taken_back_before_it_is_written_is_never_written():
    meeting = make_meeting()
    make_registration(meeting=meeting)
    one = send(draft(meeting))

    assert announcing.take_back(announcement=one, at=NOON, by=ORGANIZER) == 1
    write_all()

    assert letters().count() == 0
    with pytest.raises(AnnouncementGone):
        send(one)


def test_what_has_left_cannot_be_taken_back():
    meeting = make_meeting()
    make_registration(meeting=meeting)
    one = send(draft(meeting))
    write_all()
    letters().update(state=State.SENT, sent_at=NOON)

    with pytest.raises(AnnouncementGone):
        announcing.take_back(announcement=one, at=NOON, by=ORGANIZER)


def test_two_clicks_at_once_send_once():
    meeting = make_meeting(seat_limit=None)
    for _n in range(3):
        make_registration(meeting=meeting)
    one = draft(meeting)

    results = at_once(*[lambda: send(one, version=1)] * 6)
    at_once(*[write_all] * 4)

    assert {result.state for result in results} == {AnnouncementState.WRITING}
    assert AnnouncementRecipient.objects.count() == 3
    assert letters().count() == 3


def test_without_the_lock_only_the_database_keeps_the_second_click_out(monkeypatch):
    """The negative control: the race is real, and there is a second net under the first."""

    def unlocked(announcement):
        found = Announcement.objects.select_related("meeting").get(pk=announcement.pk)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(announcing, "_locked", unlocked)
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting)
    one = draft(meeting)

    results = at_once(*[lambda: send(one)] * 4)

    assert sum(isinstance(result, IntegrityError) for result in results) == 3
    assert AnnouncementRecipient.objects.count() == 1


def test_take_back_against_writing_leaves_no_letter_to_send(monkeypatch):
    monkeypatch.setattr(announcing, "BATCH", 2)
    meeting = make_meeting(seat_limit=None)
    for _n in range(8):
        make_registration(meeting=meeting)
    for _round in range(3):
        one = send(draft(meeting))
        at_once(
            write_all,
            lambda one=one: announcing.take_back(announcement=one, at=NOON, by=ORGANIZER),
            write_all,
        )
        mine = letters().filter(subjects__contains=[announcement_letters.subject(one)])
        left = mine.exclude(state=State.WITHDRAWN).count()
        unwritten = one.recipients.filter(fate=Fate.TAKEN_BACK).count()
        assert left == 0
        assert mine.count() + unwritten == 8


def test_a_worker_killed_in_the_midst_of_a_batch_leaves_nothing_half_done(monkeypatch):
    monkeypatch.setattr(announcing, "BATCH", 2)
    meeting = make_meeting(seat_limit=None)
    for _n in range(5):
        make_registration(meeting=meeting)
    one = send(draft(meeting))
    announcing.write_next(at=NOON)
    real = announcing.outbox.enqueue_many

    def dies(letters):
        real(letters)
        raise KeyboardInterrupt

    monkeypatch.setattr(announcing.outbox, "enqueue_many", dies)
    with pytest.raises(KeyboardInterrupt):
        announcing.write_next(at=NOON)
    assert letters().count() == 2
    monkeypatch.setattr(announcing.outbox, "enqueue_many", real)
    write_all()

    one.refresh_from_db()
    assert letters().count() == 5
    assert one.state == AnnouncementState.WRITTEN


def test_nobody_new_is_written_to_after_it_was_sent():
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting)
    send(draft(meeting))
    make_registration(meeting=meeting)
    write_all()

    assert letters().count() == 1


@pytest.mark.parametrize(
    "criteria",
    [{"status": "nonsense"}, {"category": "gone"}, {"region": "XX"}, {"delegation": "x"},
     {"came": "perhaps"}, {"other": "1"}],
)  # fmt: skip
def test_a_condition_that_means_nothing_writes_to_nobody(criteria):
    meeting = make_meeting()
    make_registration(meeting=meeting)

    with pytest.raises(FilterUnknown):
        recipients.people(meeting, criteria)


def test_the_filter_is_the_lists():
    meeting = make_meeting(seat_limit=None)
    press = make_registration(meeting=meeting, category_code="press")
    region = meeting.region_set.regions.get(code="RU-KLU")
    kaluga = make_registration(meeting=meeting, region=region)
    declined = make_registration(meeting=meeting, status=Status.DECLINED)

    def found(**criteria):
        return list(recipients.people(meeting, criteria).order_by("pk"))

    assert found() == [press, kaluga]
    assert found(category="press") == [press]
    assert found(region="RU-KLU") == [kaluga]
    assert found(status="declined") == [declined]
    assert found(came="yes") == []


def test_every_condition_of_the_list_is_one_of_a_message():
    assert set(recipients.CRITERIA) == set(roster.RosterFilter.base_filters)
    # A field called `source` would be DRF's own: the meeting's list takes it, the API does not.
    assert set(recipients.CRITERIA) - {"source"} == set(CriteriaSerializer().fields)


def test_a_session_a_code_and_a_stage_say_who_is_meant():
    meeting = make_meeting(seat_limit=None)
    code = make_access_code(meeting)
    session, other = make_session(meeting), make_session(meeting)
    invited = make_registration(meeting=meeting, access_code=code)
    waits = make_registration(meeting=meeting, status=Status.PENDING)
    planner = make_registration(meeting=meeting)
    choose(planner, session)

    def found(**criteria):
        return list(recipients.people(meeting, criteria))

    assert found(code=str(code.uid)) == [invited]
    assert found(session=str(session.uid)) == [planner]
    assert found(session=str(other.uid)) == []
    assert found(stage="organizer") == [waits]


def test_only_people_of_the_meeting_are_written_to():
    meeting, other = make_meeting(), make_meeting()
    make_registration(meeting=meeting), make_registration(meeting=other)
    send(draft(meeting), people=Registration.objects.all())
    write_all()

    assert letters().get().subjects[0] == f"meeting:{meeting.pk}"


def test_what_is_not_ready_is_not_sent():
    meeting = make_meeting()
    one = draft(meeting)
    with pytest.raises(NobodyToWrite):
        send(one)
    make_registration(meeting=meeting)
    with pytest.raises(NotReady):
        send(draft(meeting, words={"ru": Words(subject="a")}))
    with pytest.raises(NotReady):
        send(draft(meeting, words={}))
    with pytest.raises(StaleVersion):
        send(one, version=7)
    unpublished = make_meeting(status=MeetingStatus.DRAFT, published_at=None)
    make_registration(meeting=unpublished)
    with pytest.raises(NotReady):
        send(draft(unpublished))
    assert AnnouncementRecipient.objects.count() == 0


def test_a_sent_message_is_not_changed_any_more():
    meeting = make_meeting()
    make_registration(meeting=meeting)
    one = send(draft(meeting))
    for act in (
        lambda: announcing.change(
            announcement=one, wish=Wish(words=BOTH), version=None, at=NOON, by=ORGANIZER
        ),
        lambda: attach(one, name="a.pdf", content=PDF),
        lambda: announcing.discard(announcement=one, at=NOON, by=ORGANIZER),
    ):
        with pytest.raises(AnnouncementGone):
            act()


def test_words_are_checked_like_any_other():
    with pytest.raises(TextNotAccepted):
        draft(make_meeting(), words={"ru": Words(subject="{nome}")})


def test_the_database_knows_no_half_sent_message_and_no_second_letter():
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    one = draft(meeting)
    for wrong in (
        {"state": "writing"},
        {"state": "taken_back", "sent_at": NOON},
        {"sent_at": NOON},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Announcement.objects.filter(pk=one.pk).update(**wrong)
    AnnouncementRecipient.objects.create(announcement=one, registration=person)
    with pytest.raises(IntegrityError), transaction.atomic():
        AnnouncementRecipient.objects.create(announcement=one, registration=person)


def test_who_is_erased_is_not_written_to_and_the_purge_takes_the_words_and_files():
    meeting = make_meeting(seat_limit=None)
    person, _other = make_registration(meeting=meeting), make_registration(meeting=meeting)
    one = draft(meeting)
    attach(one, name="a.pdf", content=PDF)
    send(one)
    erasure.erase(registration=person, at=NOON, by=LINK)
    write_all()
    assert letters().count() == 1

    erasure.forget_due(at=meeting.ends_at + timedelta(days=meeting.retention_days + 1))

    assert (Announcement.objects.count(), AnnouncementFile.objects.count()) == (0, 0)
    assert letters().get().snapshot == {}


# --- files --------------------------------------------------------------------------------


def test_a_file_goes_with_every_letter_under_its_clean_name():
    meeting = make_meeting()
    make_registration(meeting=meeting)
    one = draft(meeting)
    name = "C:\\Мои документы\\Про\u202eграмма\r\nX: y.PDF"
    attach(one, name=name, content=PDF)
    send(one)
    write_all()

    raw = composing.compose(letters().get(), NOON)
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    files = [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]

    assert files == [("Программа X_ y.pdf", PDF)]
    assert "X" not in message


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.pdf", b"MZ"), ("a.docm", b"PK\x03\x04"), ("a.zip", b"PK\x03\x04"),
     ("a.html", b"<html>"), ("a.svg", b"<svg>"), ("pdf", PDF), ("a.pdf.js", PDF), ("", PDF)],
)  # fmt: skip
def test_what_runs_or_is_not_what_its_name_says_is_not_taken(name, content):
    one = draft(make_meeting())
    with pytest.raises(FileNotAccepted):
        attach(one, name=name, content=content)
    assert not one.files.exists()


def test_files_have_five_megabytes_and_ten_pieces_together():
    one = draft(make_meeting())
    attach(one, name="a.pdf", content=PDF + b"x" * 4_000_000)
    with pytest.raises(FileNotAccepted):
        attach(one, name="b.pdf", content=PDF + b"x" * 1_000_000)
    attach(one, name="A.PDF", content=PDF)
    for n in range(8):
        attach(one, name=f"{n}.pdf", content=PDF)
    assert sorted(one.files.values_list("name", flat=True))[-2:] == ["A.pdf", "a.pdf"]
    with pytest.raises(FileNotAccepted):
        attach(one, name="z.pdf", content=PDF)


# --- pages and API ------------------------------------------------------------------------


@pytest.fixture
def office(client):
    organizer = make_user()
    client.force_login(organizer)
    return client, organizer, make_meeting(owner=organizer, seat_limit=None)


TYPED = {
    "status": "live", "subject_ru": "Тема", "paragraphs_ru": "Текст {name}", "subject_en": "",
    "paragraphs_en": "", "key": "abc",
}  # fmt: skip


def test_from_the_list_of_a_session_only_its_people_are_written_to(office):
    client, _organizer, meeting = office
    session = make_session(meeting)
    guest = make_registration(meeting=meeting)
    make_registration(meeting=meeting)
    choose(guest, session)
    root = f"/manage/{meeting.slug}/messages/announcements/"

    listed = client.get(f"/manage/{meeting.slug}/participants/?session={session.uid}")
    opened = client.get(f"{root}new/?session={session.uid}")
    page = client.post(f"{root}new/", TYPED | {"session": str(session.uid)})["Location"]

    assert f"{root}new/?session={session.uid}" in listed.text
    assert f'value="{session.uid}" selected' in opened.text
    assert client.get(page).context["reach"].written_to == 1


def test_from_the_list_to_the_letters_and_back(office):
    client, _organizer, meeting = office
    person = make_registration(meeting=meeting, family_name="Котов")
    make_registration(meeting=meeting, category_code="press")
    root = f"/manage/{meeting.slug}/messages/announcements/"

    listed = client.get(f"/manage/{meeting.slug}/participants/?category=member")
    assert f"{root}new/?category=member" in listed.text
    assert client.get(f"{root}new/?category=member").status_code == 200
    typed = TYPED | {"category": "member"}
    first, second = client.post(f"{root}new/", typed), client.post(f"{root}new/", typed)
    assert (first.status_code, first["Location"]) == (303, second["Location"])
    one = Announcement.objects.get()
    assert one.criteria == {"status": "live", "category": "member"}
    page = first["Location"]
    looked_at = client.get(page)
    assert looked_at.context["reach"].written_to == 1
    file = SimpleUploadedFile("План.pdf", PDF, "application/pdf")
    assert client.post(f"{page}files/", {"file": file}).status_code == 303
    assert "План.pdf" in client.get(page).text
    shown = client.post(f"{page}preview/", TYPED | {"shown": "ru", "person": person.number})
    assert "Текст Котов" in shown.text
    assert links.token(person) not in shown.text

    for _click in range(2):
        assert client.post(f"{page}send/", {"version": "1"}).status_code == 303
    write_all(timezone.now())
    assert [m.recipient for m in letters()] == [person.email]
    followed = client.get(page)
    assert followed.context["counts"]["waiting"] == 1
    assert "Котов" in followed.text
    assert client.post(f"{page}take-back/").status_code == 303
    assert letters().get().state == State.WITHDRAWN
    assert client.get(root).status_code == 200


def test_half_a_text_and_an_unknown_condition_are_said_beside_their_fields(office):
    client, _organizer, meeting = office
    path = f"/manage/{meeting.slug}/messages/announcements/new/"

    half = client.post(path, TYPED | {"paragraphs_ru": ""})
    unknown = client.post(path, TYPED | {"category": "gone"})

    assert (half.status_code, unknown.status_code) == (422, 422)
    assert "paragraphs_ru" in half.context["form"].errors
    assert "__all__" in unknown.context["form"].errors
    assert not Announcement.objects.exists()


def test_a_stranger_finds_nothing(client):
    meeting = make_meeting()
    make_registration(meeting=meeting)
    one = draft(meeting)
    client.force_login(make_user())
    root = f"/manage/{meeting.slug}/messages/announcements/"
    api = f"/api/v1/meetings/{meeting.slug}/announcements/"
    own = make_meeting(owner=make_user())

    for path in (root, f"{root}new/", f"{root}{one.uid}/", f"{root}{one.uid}/preview/"):
        assert client.get(path).status_code == 404
    for end in ("send/", "take-back/", "discard/", "files/"):
        assert client.post(f"{root}{one.uid}/{end}").status_code == 404
    assert client.get(api).status_code == 404
    assert client.post(f"{api}{one.uid}/send/", headers={"If-Match": "*"}).status_code == 404
    organizer = own.owners.get()
    client.force_login(organizer)
    assert client.get(f"/manage/{own.slug}/messages/announcements/{one.uid}/").status_code == 404
    one.refresh_from_db()
    assert one.is_draft


def test_the_pages_cost_the_same_with_one_row_and_with_three(office):
    client, _organizer, meeting = office
    make_registration(meeting=meeting)
    one = send(draft(meeting))
    write_all()
    root = f"/manage/{meeting.slug}/messages/announcements/"
    counted = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as listed:
            client.get(root)
        with CaptureQueriesContext(connection) as followed:
            client.get(f"{root}{one.uid}/")
        counted.append((len(listed), len(followed)))
        make_registration(meeting=meeting), make_registration(meeting=meeting)
        one = send(draft(meeting))
        draft(meeting)
        write_all()

    assert counted == [(5, 12), (5, 12)]


def test_the_api_drafts_attaches_sends_follows_and_takes_back(office):
    client, _organizer, meeting = office
    person = make_registration(meeting=meeting, family_name="Котов", given_name="Ян", patronymic="")
    api = f"/api/v1/meetings/{meeting.slug}/announcements/"
    body = {"words": {"ru": {"subject": "Тема", "paragraphs": "Текст"}}}

    def post(path, data=None, **headers):
        return client.post(path, data, content_type="application/json", headers=headers)

    made = [post(api, body, **{"Idempotency-Key": "k"}) for _n in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["uid"] == made[1].json()["uid"]
    one = f"{api}{made[0].json()['uid']}/"
    wrong = post(api, body | {"criteria": {"status": "odd"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "filter_unknown")
    for mistyped in ({"criteria": {"x": "1"}}, {"critera": {"category": "member"}}):
        refused = post(api, body | mistyped)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown")
    file = {"file": SimpleUploadedFile("a.pdf", PDF, "application/pdf")}
    attached = client.post(f"{one}files/", file)
    assert (attached.status_code, attached.json()["name"]) == (201, "a.pdf")
    changed = client.patch(
        one, json.dumps({"criteria": {"category": "member"}}), content_type="application/json",
        headers={"If-Match": '"1"'},
    )  # fmt: skip
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    assert changed.json()["words"] == body["words"]
    assert client.get(f"{one}reach/").json()["written_to"] == 1
    stale = post(f"{one}send/", **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")

    sent = post(f"{one}send/", **{"If-Match": '"2"'})
    again = post(f"{one}send/", **{"If-Match": '"2"'})
    assert (sent.status_code, again.status_code) == (202, 202)
    write_all(timezone.now())
    assert client.get(one).json()["counts"]["waiting"] == 1
    fates = client.get(f"{one}recipients/").json()["results"]
    assert [(line["name"], line["number"], line["state"]) for line in fates] == [
        ("Котов Ян", person.number, "queued")
    ]
    back = post(f"{one}take-back/")
    assert (back.status_code, back.json()["state"]) == (200, "taken_back")
    late = post(f"{one}send/", **{"If-Match": "*"})
    assert (late.status_code, late.json()["code"]) == (409, "announcement_moved_on")
    assert [row["state"] for row in client.get(api).json()["results"]] == ["taken_back"]


def test_it_can_be_tried_out_on_oneself_as_it_was_just_typed_with_its_files(office):
    client, organizer, meeting = office
    make_registration(meeting=meeting)
    one = draft(meeting)
    attach(one, name="Карта.pdf", content=PDF)
    page = f"/manage/{meeting.slug}/messages/announcements/{one.uid}/trial/"
    typed = {"subject_ru": "Проба: {short_title}", "paragraphs_ru": "Едем, {name}.", "shown": "ru"}

    said = client.post(page, typed).content.decode()
    by_program = client.post(
        f"/api/v1/meetings/{meeting.slug}/announcements/{one.uid}/trial/",
        {"language": "ru"}, content_type="application/json",
    )  # fmt: skip

    assert organizer.email in said
    assert by_program.status_code == 204
    as_typed, as_kept = Message.objects.filter(kind="trial").order_by("pk")
    assert (as_typed.recipient, as_kept.recipient) == (organizer.email, organizer.email)
    assert rendering.render(as_typed).subject.startswith("Проба: ")
    assert rendering.render(as_kept).subject.startswith("Автобус: ")
    raw = composing.compose(as_typed, timezone.now())
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Карта.pdf"]
    assert "List-Unsubscribe" not in mail  # it is no participant who reads it
    one.refresh_from_db()
    assert one.is_draft
    assert not letters().exists()
    refused = client.post(page, typed | {"paragraphs_ru": "{nobody}"}).content.decode()
    assert "{nobody}" in refused
    assert Message.objects.count() == 2


def test_the_same_draft_again_is_one(office):
    _client, _organizer, meeting = office
    claim = Claim("x", "k", {"a": 1})
    wish = Wish(words=RU)

    made = at_once(
        *[lambda: announcing.draft(meeting=meeting, wish=wish, at=NOON, by=ORGANIZER, claim=claim)]
        * 4
    )

    assert len({one.pk for one in made}) == 1
    assert Announcement.objects.count() == 1


def test_names_of_files_are_cleaned():
    clean = announcement_files.clean_name
    assert clean("../../etc/passwd.PDF") == "passwd.pdf"
    assert clean("a\x00b<c>.pdf") == "ab_c_.pdf"
    assert len(clean("я" * 300 + ".pdf")) == 104
    assert clean(".pdf") == "pdf"
