"""A meeting with one of everything that has an address of its own, and the keys to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import bearer, journal
from accounts.models import User
from attendance import checkin, desks
from attendance.desks import PAGE_COOKIE
from attendance.models import Presence, Scan
from badges import batches
from badges.models import BatchState
from events import access
from events.models import Meeting, MeetingOwner, Purpose, RegionSet
from notifications import suppressing
from notifications.models import Cause, Kind, Message
from notifications.webhooks import keeping
from registrations import (
    announcing,
    booking,
    calendar_feeds,
    import_runs,
    links,
    organizations,
)
from registrations.delegations import keys, naming, opening
from registrations.invitations import keys as invited
from registrations.invitations import sending
from registrations.models import (
    Delegation,
    Invitation,
    PassList,
    Registration,
    SeatLimit,
    Status,
)
from registrations.own_texts import Words
from registrations.pasting import files
from tests.factories import (
    category,
    make_access_code,
    make_application,
    make_consent,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_session,
    make_user,
)

# Said of every person of the meetings that are not one's own: it must not be read anywhere.
CANARY = "Канарейкина"
# Somebody who comes to the door, or registers.
PERSON = {
    "family_name": "Новиков", "given_name": "Пётр", "organization": "АО", "position": "Директор",
    "email": "new@example.org", "consent": True,
}  # fmt: skip
# Written all the time, or about nobody's meeting.
UNWATCHED = (
    "django_session", "registrations_throttle", "events_region", "events_regionset",
    "django_migrations", "django_content_type", "auth_permission",
)  # fmt: skip


@dataclass(kw_only=True)
class Estate:
    """A meeting, its organizer, and what stands in the addresses of its pages."""

    owner: User
    slug: str
    # By name of the address's variable; `pass_list`, `batch` and `member` are "number" there.
    known: dict[str, str] = field(default_factory=dict)
    # What a link of each purpose carries.
    keys: dict[str, str] = field(default_factory=dict)
    bearer: str = ""

    def credentials(self) -> dict[str, str]:
        """What each kind of holder sends to the API, by kind."""
        return {
            "organizer": f"Bearer {self.bearer}",
            "mine": f"Link {self.keys['mine']}",
            "head": f"Delegation {self.keys['head']}",
            "invited": f"Invitation {self.keys['invited']}",
            "desk": f"Device {self.keys['device']}",
        }


@dataclass
class World:
    """Mine, another meeting of mine, and a stranger's."""

    mine: Estate
    second: Estate
    theirs: Estate


def browser(estate: Estate | None = None, *, desk: Estate | None = None) -> Client:
    client = Client()
    if estate:
        client.force_login(estate.owner)
    if desk:
        client.cookies[PAGE_COOKIE] = desk.keys["device"]
    return client


def program(credentials: str = "") -> APIClient:
    client = APIClient()
    if credentials:
        client.credentials(HTTP_AUTHORIZATION=credentials)
    return client


def build(*, owner: User | None = None, lists: int = 1, canary: bool = True) -> Estate:
    """Everything of one meeting, with so many lists for the pass desk."""
    now = timezone.now()
    starts_at = now + timedelta(days=21)
    owner = owner or make_user()
    meeting = make_meeting(
        owner=owner,
        seat_limit=50,
        approval="automatic",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
    )
    # Of this meeting alone: its owner may have others.
    co_owner = make_user()
    MeetingOwner.objects.create(meeting=meeting, user=co_owner, added_at=now)
    make_consent(meeting)
    documents = list(meeting.consent_documents.current())
    common = {"at": now, "by": journal.SYSTEM}
    family = CANARY if canary else "Своих"

    person = booking.register(
        meeting=meeting, consents=documents, **common,
        application=make_application(meeting, family_name=family),
    ).registration  # fmt: skip
    feed = calendar_feeds.open_feed(registration=person, **common)
    head = make_delegation(meeting, quota=5, head_name=f"{family} Мария")
    opening.ask(meeting=meeting, delegations=[head], **common)
    colleague = make_application(
        meeting, family_name=family, delegation=head, delegation_role="expert"
    )
    [member] = naming.name_people(
        delegation=head, applications=[colleague], consents=documents, **common
    )
    guest = make_invitation(meeting, name=f"{family} Анна")
    sending.send(meeting=meeting, invitations=[guest], **common)
    code = make_access_code(meeting, code=f"CODE{uuid4().hex[:8].upper()}")
    session = make_session(meeting, title=f"{family}: секция")
    merged = organizations.merge(
        meeting=meeting, keys=[f"ао {family.casefold()}"], name=f"АО {family}", short_name="",
        **common,
    )  # fmt: skip
    hook = keeping.register(
        subject=f"meeting:{meeting.pk}", url="https://crm.example.org/yavka", kinds=Kind.values,
        **common,
    )  # fmt: skip
    delivery = keeping.try_out(hook=hook, **common)
    run = import_runs.begin(
        meeting=meeting, sent=files.sent([["ФИО"], [f"{family} Ольга"]], file_name="list.csv"),
        mapping=["name"], language="ru", is_checked_at_once=False, **common,
        terms={"category": "member", "language": "ru", "skips_review": True, "is_told": False},
    )  # fmt: skip
    wish = make_registration(
        meeting=meeting, status=Status.PENDING, family_name=family, awaits_head_of=head
    )
    words = {"ru": Words(subject="Тема", paragraphs="Текст")}
    drafted = announcing.draft(meeting=meeting, wish=announcing.Wish(words=words), **common)
    file = announcing.attach(
        announcement=drafted, name="a.pdf", content=b"%PDF-1.7", at=now, by=common["by"]
    )
    PassList.objects.bulk_create(
        PassList(meeting=meeting, number=n, made_at=now, made_by="", people=0)
        for n in range(1, lists + 1)
    )
    batch = batches.order(meeting=meeting, kind="badges", options={}, **common)
    batch.file.save("badges.pdf", ContentFile(b"%PDF-1.7"), save=False)
    batch.state, batch.finished_at = BatchState.DONE, now
    batch.save()
    # A list of regions belongs to whoever pasted it.
    RegionSet.objects.filter(pk=meeting.region_set_id).update(owner=owner)

    issued = {"meeting": meeting, "label": "", "expires_at": now + timedelta(days=30), "at": now}
    desk_link = access.issue(purpose=Purpose.DESK, **issued)
    press_link = access.issue(purpose=Purpose.PRESS, **issued)
    tokens = {
        "desk": access.url(desk_link).rstrip("/").rpartition("/")[2],
        "press": access.url(press_link).rstrip("/").rpartition("/")[2],
    }
    device, clear = desks.start(token=tokens["desk"], at=now)
    entry = uuid4()
    scan = checkin.ScanInput(id=entry, text=member.ticket_code, method="camera", scanned_at=now)
    checkin.record(desk=desks.of(device), scans=[scan], at=now)
    token, own = bearer.issue(user=owner, label="tests", at=now)
    mail = Message.objects.about(f"registration:{person.pk}").latest("pk")
    suppressing.learn(message=mail, cause=Cause.BOUNCED, reply="550 5.1.1")
    stopped = suppressing.of(f"meeting:{meeting.pk}").get()

    return Estate(
        owner=owner,
        slug=meeting.slug,
        bearer=own,
        keys=tokens
        | {
            "mine": links.token(person),
            "feed": links.feed_token(feed),
            "head": keys.token(head),
            "invited": invited.token(guest),
            "device": clear,
        },
        known={
            "number": person.number,
            "person": str(person.uid),
            "ticket": person.ticket_code,
            "code": code.code,
            "member": member.number,
            "delegation": str(head.uid),
            "invitation": str(guest.uid),
            "access_code": str(code.uid),
            "session": str(session.uid),
            "organization": str(merged.pk),
            "webhook": str(hook.uid),
            "delivery": str(delivery.pk),
            "import_run": str(run.uid),
            "address": str(stopped.pk),
            "wish": wish.number,
            "announcement": str(drafted.uid),
            "announcement_file": str(file.uid),
            "pass_list": str(lists),
            "batch": str(batch.pk),
            "link": str(desk_link.pk),
            "message": str(mail.pk),
            "owner": str(co_owner.pk),
            "consent": str(person.consents.get().pk),
            "token": str(token.pk),
            "region_set": str(meeting.region_set_id),
            "scan_id": str(entry),
            "category": category(meeting).code,
        },
    )


def state_of(estate: Estate) -> list[object]:
    """What somebody could have done to a meeting's people, and what they would have been told."""
    meeting = Meeting.objects.get(slug=estate.slug)
    return [
        list(rows.order_by("pk").values())
        for rows in (
            Registration.objects.filter(meeting=meeting),
            Delegation.objects.filter(meeting=meeting),
            Invitation.objects.filter(meeting=meeting),
            SeatLimit.objects.filter(meeting=meeting),
            Scan.objects.filter(checkpoint__meeting=meeting),
            Presence.objects.filter(checkpoint__meeting=meeting),
            Message.objects.about(f"meeting:{meeting.pk}"),
        )
    ]


def fingerprint() -> dict[str, str]:
    """A digest of every table's rows: whatever changes, it shows."""
    tables = [name for name in connection.introspection.table_names() if name not in UNWATCHED]
    each = [
        f"SELECT '{name}', md5(coalesce(string_agg(line, '' ORDER BY line), '')) FROM "
        # When somebody was here last is written whenever he reads.
        "(SELECT (to_jsonb(t) - 'last_used_at' - 'last_login')::text AS line "
        f"FROM {name} t) AS rows"
        for name in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())
