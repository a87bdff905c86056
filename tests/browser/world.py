"""
Everything there is to look at, in one database: each state a page can be in, and the sample.

Run as a program it fills the database of DATABASE_URL and prints what the pages need.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

if __name__ == "__main__":
    django.setup()

from accounts import journal
from accounts.models import User
from attendance import merging
from events import regions
from events.models import AgendaItem, Approval, Format, Host, Meeting, MeetingStatus
from notifications import outbox, searching, suppressing, trial
from notifications.models import (
    Attempt,
    Cause,
    Delivery,
    HookState,
    Kind,
    Message,
    Pause,
    State,
    Told,
    Webhook,
)
from notifications.webhooks import keeping
from registrations import (
    amending,
    announcing,
    booking,
    calendar_feeds,
    closing,
    import_leases,
    import_runs,
    import_working,
    letters,
    limits,
    links,
    offering,
    rewording,
    substituting,
)
from registrations.delegations import keys, naming, opening
from registrations.invitations import answering, sending
from registrations.invitations import keys as invited
from registrations.models import (
    AttendanceMode,
    ImportRun,
    ImportState,
    ImportTrouble,
    Invitation,
    Registration,
    Status,
)
from registrations.own_texts import Words
from registrations.pasting import files
from registrations.sessions import choosing
from reports import recipients
from tests.factories import (
    ORGANIZER,
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

HOSTS = [
    ("Ассоциация индустриальных парков (демо)", "Association of Industrial Parks (demo)"),
    ("Министерство экономического развития", "Ministry of Economic Development"),
    ("Министерство промышленности и торговли", "Ministry of Industry and Trade"),
]
PROGRAMME = [
    (0, "Открытие", "Opening", "", ""),
    (15, "Совместный план действий двух министерств", "The ministries' joint plan of action",
     "Директора департаментов", "Heads of departments"),
    (60, "Круглые столы", "Round tables", "Финансирование, зал 2 · Инфраструктура, комната 5",
     "Funding, hall 2 · Infrastructure, room 5"),
    (120, "Обращение к Правительству", "Address to the Government", "", ""),
]  # fmt: skip
# The longest name and titles of the sample: what does not fit shows here.
LONGEST = {
    "family_name": "Красноперекопская-Заболотная",
    "given_name": "Анастасия-Мария",
    "patronymic": "Владиславовна",
    "organization": "АО «Управляющая компания особой экономической зоны „Северный берег (демо)“»",
    "position": "Заместитель генерального директора по развитию",
    "phone": "+74950000000",
    "email": "a.krasnoperekopskaya-zabolotnaya@severny-bereg.example.org",
}


def build() -> dict[str, str]:
    """Fill the database; return names for slugs and tokens, and the organizer's session."""
    now = timezone.now()
    owner = make_user(email="organizer@example.org", password="a password that is long")
    known = {"session": _session(owner)}
    known |= _meetings(owner, now)
    known |= _sample(owner)
    known |= _announcements(Meeting.objects.get(slug="open"), now)
    known |= _mail(now)
    return known


def meeting(
    slug: str, owner: User, now: datetime, *, days: float = 14, **overrides: Any
) -> Meeting:
    """A meeting with everything a page can show."""
    starts = (now + timedelta(days=days)).replace(hour=7, minute=0, second=0, microsecond=0)
    fields: dict[str, Any] = {
        "slug": slug,
        "owner": owner,
        "region_set": regions.shipped(),
        "title": "Всероссийское совещание индустриальных парков и особых экономических зон",
        "title_alt": "All-Russian meeting of industrial parks and special economic zones",
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=3),
        "doors_at": starts - timedelta(minutes=40),
        "registration_closes_at": starts - timedelta(days=3),
        "edits_close_at": starts - timedelta(days=2),
        "seat_limit": 130,
        "address": "Пресненская набережная, 8, вход 3",
        "address_alt": "8 Presnenskaya embankment, entrance 3",
        "map_url": "https://example.org/map",
        "arrival_note": "Паспорт: вход в здание по документу.",
        "arrival_note_alt": "Passport: the building is entered with a document.",
        "summary": "Министерства и регионы обсудят **совместный план действий** на год.\n\n"
        "- финансирование инфраструктуры\n- подготовка площадок",
        "summary_alt": "Ministries and regions discuss a **joint plan of action** for the year."
        "\n\n- funding of infrastructure\n- preparation of sites",
        "contact_phone": "+7 495 000-00-00",
    }
    made = make_meeting(**fields | overrides)
    made.hosts.all().delete()
    Host.objects.bulk_create(
        Host(meeting=made, name=name, name_alt=alt, position=position)
        for position, (name, alt) in enumerate(HOSTS)
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(
            meeting=made, starts_at=made.starts_at + timedelta(minutes=minutes), title=title,
            title_alt=alt, note=note, note_alt=note_alt,
        )
        for minutes, title, alt, note, note_alt in PROGRAMME
    )  # fmt: skip
    make_consent(
        made,
        title="обработку персональных данных",
        title_alt="the processing of personal data",
        text="Даю согласие на обработку моих персональных данных организатору.\n\n"
        "Срок: до 90 дней после окончания мероприятия.",
        text_alt="I consent to the processing of my personal data by the organizer.\n\n"
        "Term: until 90 days after the end of the meeting.",
    )
    return made


def _meetings(owner: User, now: datetime) -> dict[str, str]:
    known = {}
    day = timedelta(days=1)
    parks = meeting("open", owner, now)
    vladivostok = parks.region_set.regions.get(code="RU-PRI")
    for status in (Status.CONFIRMED, Status.PENDING, Status.DECLINED, Status.CANCELLED):
        person = make_registration(
            meeting=parks, status=status, region=vladivostok, at=now, latin_name="",
            **LONGEST | {"email": f"{status}.{LONGEST['email']}"},
        )  # fmt: skip
        known[status] = links.token(person)
    Registration.objects.filter(meeting=parks, status=Status.DECLINED).update(
        decision_reason="Квота вашей организации исчерпана.", shows_reason=True
    )
    erased = make_registration(meeting=parks, at=now)
    Registration.objects.filter(pk=erased.pk).update(**dict.fromkeys(
        ("family_name", "given_name", "patronymic", "latin_name", "email", "phone", "position",
         "search_key", "submitted_by_name", "submitted_by_email"), ""),
        ticket_code=None, erased_at=now,
    )  # fmt: skip
    known["erased"] = links.token(erased)
    subscribed = make_registration(meeting=parks, at=now)
    calendar_feeds.open_feed(registration=subscribed, at=now, by=journal.SYSTEM)
    known["subscribed"] = links.token(subscribed)

    known["listed"] = _listed(meeting("listed", owner, now), now)

    full = meeting("full", owner, now, seat_limit=1)
    make_registration(meeting=full, at=now)
    for _place in range(3):
        last = make_registration(meeting=full, status=Status.WAITLISTED, waiting_since=now, at=now)
    known["waitlisted"] = links.token(last)

    known |= _offers(meeting("offers", owner, now, seat_limit=2, offer_hours=24), now)
    known["waits_for_region"] = _share_out(meeting("shared", owner, now), now)
    meeting("full-no-list", owner, now, seat_limit=0, has_waiting_list=False)
    meeting("not-yet", owner, now, registration_opens_at=now + day)
    closed = meeting("closed", owner, now, days=1, registration_closes_at=now - day)
    known["frozen"] = links.token(make_registration(meeting=closed, at=now, **LONGEST))
    over = meeting("over", owner, now, days=-5)
    known["over"] = links.token(make_registration(meeting=over, at=now - 20 * day))
    hybrid = meeting(
        "hybrid", owner, now, format=Format.HYBRID, approval=Approval.MANUAL, seat_limit=None,
        online_url="https://meet.example.org/parks-2026",
    )  # fmt: skip
    known["online"] = links.token(
        make_registration(meeting=hybrid, attendance_mode=AttendanceMode.ONLINE, at=now)
    )
    off = meeting("called-off", owner, now)
    known["called_off"] = links.token(make_registration(meeting=off, at=now))
    Meeting.objects.filter(pk=off.pk).update(
        status=MeetingStatus.CANCELLED, cancelled_at=now,
        cancellation_reason="Из-за погоды. О новой дате сообщим письмом.",
    )  # fmt: skip
    meeting("draft", owner, now, status=MeetingStatus.DRAFT, published_at=None)
    meeting("bare", owner, now, title="Встреча", title_alt="")
    known |= _delegations(meeting("delegations", owner, now), now)
    known |= _staged(
        meeting("staged", owner, now, approval=Approval.MANUAL, seat_limit=20,
                reviews_changes=True, heads_decide_first=True),
        now,
    )  # fmt: skip
    invited_to = meeting("invitations", owner, now)
    known |= _invitations(invited_to, now) | _access_codes(invited_to)
    known |= _sessions(meeting("sessions", owner, now), now)
    known |= _webhooks(invited_to, now)
    early = meeting("early", owner, now, registration_opens_at=now + timedelta(days=3))
    make_access_code(early, opens_early=True)
    known |= _imports(meeting("imports", owner, now), now)
    known["number"] = Registration.objects.filter(meeting=parks).confirmed().first().number
    return known


def _announcements(parks: Meeting, now: datetime) -> dict[str, str]:
    """A draft with a file, one that was sent, and one mail in own words."""
    said = "Автобус ждёт **24 января в 9:00** у главного входа.\n\nСхема: https://example.org/bus"
    texts = {"ru": Words(subject="Автобус от вокзала: {short_title}", paragraphs=said)}
    common: dict[str, Any] = {"meeting": parks, "at": now, "by": ORGANIZER}
    made = [
        announcing.draft(wish=announcing.Wish(words=texts, criteria=criteria), **common)
        for criteria in ({"status": "live"}, {"status": "live", "category": "member"})
    ]
    announcing.attach(
        announcement=made[0],
        name="Программа и план зала с отметками.pdf",
        content=b"%PDF-1.7 ",
        at=now,
        by=ORGANIZER,
    )
    announcing.send(
        announcement=made[1], people=recipients.people(parks, made[1].criteria), version=None,
        at=now, by=ORGANIZER,
    )  # fmt: skip
    while announcing.write_next(at=now):
        pass
    words = {"ru": Words(paragraphs="**Ждём вас, {name}!**\n\nПропуск на въезд: {contact}.")}
    rewording.reword(kind="confirmed", words=words, versions=None, **common)
    return {"announcement_draft": str(made[0].uid), "announcement_sent": str(made[1].uid)}


def _listed(listed: Meeting, now: datetime) -> str:
    """Closed lists, two of them, and an amendment of each kind; returns somebody's number."""
    office = journal.organizer(listed.owners.get())
    people = [
        make_registration(
            meeting=listed, at=now, family_name=family, given_name="Ян", patronymic="Петрович",
            region=listed.region_set.regions.get(code=code), position="Директор",
        )
        for family, code in [
            ("Бобров", "RU-KLU"), ("Волков", "RU-PRI"), ("Гусев", "RU-KLU"), ("Ежов", "RU-PRI"),
        ]
    ]  # fmt: skip
    closing.close(meeting=listed, at=now, by=office, note="Бюро пропусков, 18:00")
    replacing = {"at": now, "by": office}
    longest = make_application(listed, **LONGEST)
    substituting.substitute(registration=people[0], application=longest, **replacing)
    closing.take(meeting=listed, at=now, by=office)
    deputy = make_application(listed, family_name="Юдин", given_name="Ян", patronymic="")
    substituting.substitute(registration=people[1], application=deputy, **replacing)
    booking.cancel(registration=people[2], at=now, by=office)
    amending.amend(
        registration=people[3],
        changes={"position": "Заместитель министра", "category": listed.categories.last()},
        version=None,
        at=now,
        by=office,
        as_organizer=True,
    )
    return people[3].number


def _offers(offers: Meeting, now: datetime) -> dict[str, str]:
    """Two seats are on offer, one of them to somebody far away; one person lets others go first."""
    leave = [make_registration(meeting=offers, at=now) for _ in range(2)]
    far = offers.region_set.regions.get(code="RU-PRI")
    people = [
        make_registration(
            meeting=offers, status=Status.WAITLISTED, waiting_since=now, at=now, region=far,
            **LONGEST | {"email": f"{number}.{LONGEST['email']}"},
        )
        for number in range(4)
    ]  # fmt: skip
    for person in leave:
        booking.cancel(registration=person, at=now, by=journal.SYSTEM)
    offering.step_aside(registration=people[0], at=now, by=journal.SYSTEM)
    return {
        "passed_over": links.token(people[0]),
        "offered": links.token(people[1]),
        "offered_number": people[1].number,
    }


def _share_out(shared: Meeting, now: datetime) -> str:
    """A meeting with limits of all kinds; returns the link of somebody who waits for one."""
    kaluga, primorye = (shared.region_set.regions.get(code=f"RU-{c}") for c in ("KLU", "PRI"))
    for target, wish in {
        kaluga: limits.Wish(seat_limit=1, shows_left=True),
        primorye: limits.Wish(reserve=4, reserved_until=now + timedelta(days=6)),
        shared.categories.get(code="guest"): limits.Wish(seat_limit=12, shows_left=True),
        kaluga.group: limits.Wish(seat_limit=40),
    }.items():
        limits.change(meeting=shared, target=target, wish=wish, at=now, by=journal.SYSTEM)
    make_registration(meeting=shared, region=kaluga, at=now)
    waits = make_registration(
        meeting=shared, region=kaluga, status=Status.WAITLISTED, waiting_since=now, at=now
    )
    return links.token(waits)


def _delegations(parks: Meeting, now: datetime) -> dict[str, str]:
    """Delegations in every state; a full one whose head is at work, and one that is empty."""
    of = {name: parks.region_set.regions.get(code=f"RU-{name}") for name in ("KLU", "PRI", "TUL")}
    made = {
        name: make_delegation(
            parks, name=region.name, region=region, quota=4, head_name="Котова Мария Сергеевна",
            head_email=f"{name.lower()}@example.org",
        )
        for name, region in of.items()
    }  # fmt: skip
    make_delegation(parks, name="Российский союз промышленников", region=None, head_email="")
    asked = [made["PRI"], made["TUL"]]
    opening.ask(meeting=parks, delegations=asked, at=now, by=journal.SYSTEM)
    people = [
        make_application(parks, delegation=made["KLU"], delegation_role=role, language="ru",
                         region=of["KLU"], **fields)
        for role, fields in (("expert", LONGEST), ("head", {"organization": "Правительство"}),
                             ("driver", {"email": ""}))
    ]  # fmt: skip
    documents = list(parks.consent_documents.current())
    common = {"at": now, "by": journal.SYSTEM}
    named = naming.name_people(
        delegation=made["KLU"], applications=people, consents=documents, **common
    )
    substituting.substitute(
        registration=named[1], head="Котова", consents=documents,
        application=make_application(parks, organization="Министерство экономики"), **common
    )  # fmt: skip
    naming.refuse(delegation=made["TUL"], **common)
    return {
        "delegation": keys.token(made["KLU"]),
        "delegation_empty": keys.token(made["PRI"]),
        "delegation_uid": str(made["KLU"].uid),
        "member": named[0].number,
    }


def _staged(parks: Meeting, now: datetime) -> dict[str, str]:
    """Somebody who waits for a head, somebody who is looked at again, somebody there twice."""
    kaluga = parks.region_set.regions.get(code="RU-KLU")
    asked = make_delegation(parks, name=kaluga.name, region=kaluga, quota=4)
    wishing = [
        booking.register(
            meeting=parks, at=now, by=journal.PUBLIC, consents=list(documents),
            application=make_application(parks, region=kaluga, **who),
        ).registration
        for documents in [parks.consent_documents.current()]
        for who in (LONGEST, {"organization": "Правительство области"})
    ]  # fmt: skip
    changed = make_registration(meeting=parks, at=now, family_name="Петрова")
    amending.amend(
        registration=changed, changes={"family_name": LONGEST["family_name"],
                                       "organization": LONGEST["organization"]},
        version=None, at=now, by=journal.PUBLIC,
    )  # fmt: skip
    once, twice = (
        make_registration(meeting=parks, at=now, family_name="Двойная", given_name="Анна", **who)
        for who in ({"organization": LONGEST["organization"]}, {"region": kaluga})
    )
    gone = make_registration(meeting=parks, at=now, family_name="Двойная", given_name="Яна")
    merging.merge(kept=once, other=gone, taken=(), at=now, by=journal.SYSTEM)
    return {
        "asked": keys.token(asked),
        "wishing": links.token(wishing[0]),
        "wishing_number": wishing[0].number,
        "changed": links.token(changed),
        "changed_number": changed.number,
        "once": once.number,
        "twice": twice.number,
        "merged": gone.number,
    }


def _access_codes(parks: Meeting) -> dict[str, str]:
    """Codes in every state."""
    code = make_access_code(parks, limit=1, skips_review=True)
    make_access_code(parks, label="Аппарат полномочного представителя", code="")
    make_access_code(parks, label="Партнёры", code="PARTNERS", is_active=False)
    application = make_application(parks, access_code=code)
    booking.register(
        meeting=parks, application=application, at=timezone.now(), by=journal.SYSTEM,
        consents=list(parks.consent_documents.current()),
    )  # fmt: skip
    return {"code_uid": str(code.uid)}


def _sessions(parks: Meeting, now: datetime) -> dict[str, str]:
    """A programme with sessions of every kind; one person who has chosen, one who has not."""
    parks.agenda.all().delete()
    AgendaItem.objects.create(
        meeting=parks, starts_at=parks.starts_at - timedelta(minutes=30), title="Регистрация, кофе",
        title_alt="Registration, coffee",
    )  # fmt: skip
    speakers = "Анна Петрова, заместитель министра промышленности и торговли\nПётр Котов, АО «Парк»"
    made = [
        make_session(parks, hour=hour, capacity=capacity, **fields)
        for hour, capacity, fields in [
            (0, None, {"title": "Пленарное заседание", "title_alt": "Plenary session",
                       "kind": "plenary", "room": "Большой зал", "speakers": speakers}),
            (1, 40, {"title": "Инвестиции в парки: инструменты и практика регионов",
                     "title_alt": "Investing in parks", "room": "Зал 2", "shows_left": True}),
            (1, 25, {"title": "Кадры", "title_alt": "People", "room": "Зал 3", "position": 1}),
            (1, 1, {"title": "Экспорт", "title_alt": "Export", "room": "Зал 4", "position": 2}),
            (2, 60, {"title": "Экскурсия по площадке", "title_alt": "A walk round the site"}),
        ]
    ]  # fmt: skip
    chooser, other, idle = (
        make_registration(meeting=parks, at=now, **fields) for fields in (LONGEST, {}, {})
    )
    for person, session in ((chooser, made[1]), (chooser, made[4]), (other, made[3])):
        choosing.book(registration=person, session=session, at=now, by=journal.SYSTEM)
    return {
        "session_uid": str(made[1].uid),
        "chooser": links.token(chooser),
        "chooser_number": chooser.number,
        "idle": links.token(idle),
    }


def _webhooks(parks: Meeting, now: datetime) -> dict[str, str]:
    """A webhook with every kind of news, and one that was paused."""
    common: dict[str, Any] = {"at": now, "by": journal.SYSTEM}
    subject, address = f"meeting:{parks.pk}", "https://crm.example.org/integrations/yavka/events"
    paused = keeping.register(
        subject=subject, url=address + "?token=0123456789abcdef0123456789abcdef", kinds=Kind.values,
        **common,
    )  # fmt: skip
    Webhook.objects.filter(pk=paused.pk).update(
        state=HookState.PAUSED, pause=Pause.FAILING, failures=50, rests_until=now
    )
    hook = keeping.register(subject=subject, url=address, kinds=Kind.values, **common)
    for _ in range(4):
        make_registration(meeting=parks, category_code="press", at=now)
    results = [
        (Told.DELIVERED, 200, "", '{"ok": true}'),
        (Told.DEFERRED, None, "too_slow", ""),
        (Told.FAILED, 500, "refused", "<html><body><h1>Internal Server Error</h1></body></html>"),
    ]
    for row, (state, code, trouble, reply) in zip(hook.deliveries.all(), results, strict=False):
        Delivery.objects.filter(pk=row.pk).update(
            state=state, trouble=trouble, status_code=code, attempts=3
        )
        row.tries.create(
            number=3, started_at=now, milliseconds=140, status_code=code, trouble=trouble,
            reply=reply,
        )  # fmt: skip
    keeping.try_out(hook=hook, **common)
    person = make_registration(meeting=parks, category_code="press", at=now)
    with transaction.atomic():
        letters.write_confirmed(person)
        letters.write_link(person, at=now)
    first = outbox.about(f"registration:{person.pk}").last()
    assert first is not None
    suppressing.learn(
        message=first, cause=Cause.BOUNCED,
        reply="550 5.1.1 <anastasia.krasnoperekopskaya@severny-bereg.example.org>: Recipient "
        "address rejected: User unknown in virtual mailbox table",
    )  # fmt: skip
    return {"bounced": person.number, "hook_uid": str(hook.uid), "hook_paused": str(paused.uid)}


def _invitations(parks: Meeting, now: datetime) -> dict[str, str]:
    """Invitations in every state, each with its link."""
    names = ("open", "bound", "expired", "withdrawn", "accepted", "declined", "unsent")
    made = {
        name: make_invitation(
            parks, name=LONGEST["family_name"] + " Анастасия Владиславовна",
            email=f"{name}@severny-bereg.example.org", organization=LONGEST["organization"],
            binds_email=name != "open", allows_substitute=name in ("open", "declined"),
            expires_at=now + timedelta(days=5),
        )
        for name in names
    }  # fmt: skip
    make_invitation(parks, name="", email="mailbox@example.org")
    common = {"at": now, "by": journal.SYSTEM}
    sent = [one for name, one in made.items() if name != "unsent"]
    sending.send(meeting=parks, invitations=sent, **common)
    sending.remind(meeting=parks, invitations=[made["bound"]], **common)
    sending.withdraw(invitation=made["withdrawn"], **common)
    answering.decline(invitation=made["declined"], why="В эти дни я в отпуске", **common)
    answering.accept(
        invitation=made["accepted"], application=make_application(parks),
        consents=list(parks.consent_documents.current()), **common,
    )  # fmt: skip
    Invitation.objects.filter(pk=made["expired"].pk).update(expires_at=now)
    found = {f"invited_{name}": invited.token(one) for name, one in made.items()}
    return found | {"invitation_uid": str(made["bound"].uid)}


def _mail(now: datetime) -> dict[str, str]:
    """Mail of one meeting is late; all other mail is on its way, however long the looking takes."""
    administrator = User.objects.create_superuser("root@example.org", "a password that is long")
    tried = trial.write(to=administrator.email, language="ru")
    with transaction.atomic():
        for person in Registration.objects.filter(meeting__slug="open", erased_at=None):
            letters.write_confirmed(person)
    due = Message.objects.filter(state=State.QUEUED, not_before__lte=Now())
    late = f"meeting:{Meeting.objects.get(slug='open').pk}"
    due.exclude(subjects__0=late).update(not_before=Now() + timedelta(days=1))
    due.filter(subjects__0=late).update(not_before=now - timedelta(minutes=37))
    Message.objects.filter(pk=tried.pk).update(
        state=State.SENT, sent_at=now, attempts=1, not_before=now
    )
    Attempt.objects.create(
        message=tried, number=1, worker="look", started_at=now, phase="done", outcome=State.SENT,
        code=250, reply="2.0.0 Ok: queued as 4XwJ3k2Qz7z9vT",
    )  # fmt: skip
    return {"admin_session": _session(administrator), "tried": str(tried.pk)}


def _sample(owner: User) -> dict[str, str]:
    out = StringIO()
    call_command("load_sample", "--owner", owner.email, "--json", "--force", stdout=out)
    found = json.loads(out.getvalue().strip().splitlines()[-1])
    listed = Registration.objects.filter(meeting__slug=found["meeting"]).by_name()
    past = Meeting.objects.get(slug=found["past_meeting"])
    return {
        "message": str(searching.under(f"meeting:{past.pk}").filter(state="failed")[0].pk),
        "present": listed.confirmed()[0].number,
        "expected": listed.confirmed()[1].number,
        "absent": listed.exclude(pk__in=listed.confirmed()).filter(erased_at=None)[0].number,
        "meeting": found["meeting"],
        "past_meeting": found["past_meeting"],
        "desk": found["desk_links"][0].rstrip("/").rpartition("/")[2],
        "press": found["press_link"].rstrip("/").rpartition("/")[2],
    }


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _imports(parks: Meeting, now: datetime) -> dict[str, str]:
    """A table of people in each of its states; one with errors of many kinds."""
    make_registration(meeting=parks, at=now, **LONGEST)
    long = [LONGEST[part] for part in ("family_name", "given_name", "patronymic")]
    rows = [
        ["Список участников совещания", "", "", "", ""],
        ["ФИО", "Организация (полное наименование)", "Должность", "Регион", "Электронная почта"],
        [" ".join(long), LONGEST["organization"], LONGEST["position"], "", LONGEST["email"]],
        ["О’Коннор-Смит Шон", "Парк", "Эксперт", "Атлантида", "shon"],
        ["Сукарно", "Парк", "", "Приморье", ""],
        *(
            [f"Иванов{letters} Пётр", "Парк", "Директор", "Калужская область",
             f"person-{number}@example.org"]
            for number, letters in enumerate("абвгдежзик" * 3)
        ),
    ]  # fmt: skip
    terms = {"category": "member", "language": "ru", "skips_review": True, "is_told": True}
    known = {}

    def send(state: str, name: str, table: list[list[str]]) -> ImportRun:
        run = import_runs.begin(
            meeting=parks, sent=files.sent(table, file_name=name),
            mapping=["name", "organization", "position", "region", "email"], terms=terms,
            language="ru", at=now, by=ORGANIZER, is_checked_at_once=state != "mapping",
        )  # fmt: skip
        known[f"import_{state}"] = str(run.uid)
        return run

    def work() -> None:
        while run := import_leases.claim(at=now):
            import_working.work(run)

    done = send("done", "Участники от регионов.xlsx", rows)
    work()
    import_runs.start(run=done)
    work()
    checked = send("checked", "Участники от регионов, исправленный список (2).xlsx", [
        *rows, ["Ким Ен", "Парк", "", "", "kim@example.org"],
    ])  # fmt: skip
    work()
    assert ImportRun.objects.get(pk=checked.pk).ready == 1
    send("mapping", "", rows)
    running = send("running", "Участники.csv", rows)
    ImportRun.objects.filter(pk=running.pk).update(done=12, lease_until=now + timedelta(days=30))
    failed = send("failed", "Участники.csv", rows)
    ImportRun.objects.filter(pk=failed.pk).update(
        state=ImportState.FAILED, trouble=ImportTrouble.FAULT, finished_at=now
    )
    return known


if __name__ == "__main__":
    print(json.dumps(build()))
