from datetime import timedelta

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from badges import batches, making
from badges.models import Batch, BatchKind, BatchState
from registrations import amending, categories, convening, organizations
from registrations.models import AttendanceMode, Status
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def meeting(user):
    return make_meeting(owner=user, seat_limit=None)


@pytest.fixture
def office(client, user):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def page(meeting):
    return reverse("manage-badges", args=[meeting.slug])


def make_all():
    while batch := batches.claim(at=timezone.now()):
        making.make(batch)


def all_addresses(meeting, registration, batch):
    return [
        page(meeting),
        reverse("manage-badge-files", args=[meeting.slug]),
        reverse("manage-badge-file", args=[meeting.slug, batch.pk]),
        reverse("manage-badge-preview", args=[meeting.slug, registration.number]),
        reverse("manage-badge", args=[meeting.slug, registration.number]),
    ]


def test_the_page_says_what_to_do_while_nobody_is_confirmed(office, meeting):
    answer = office.get(page(meeting))

    assert answer.status_code == 200
    assert "Nobody is confirmed yet" in answer.text
    assert "Make badges" not in answer.text


def test_badges_are_ordered_made_and_downloaded(office, meeting):
    person = make_registration(meeting=meeting, family_name="Соловьёв")

    ordered = office.post(
        page(meeting), {"kind": "badges", "order": "name", "desks": "1", "latin": "on"}
    )

    assert ordered.status_code == 302
    waiting = office.get(page(meeting)).text
    assert "Waiting for a worker" in waiting
    assert "data-waiting" in waiting
    make_all()
    ready = office.get(page(meeting)).text
    assert "Download PDF" in ready
    assert "data-waiting" not in ready
    batch = Batch.objects.get()
    assert batch.options["asked"] == {
        "order": "name", "latin": True, "patronymic": False, "region": False, "position": False,
    }  # fmt: skip
    file = office.get(reverse("manage-badge-file", args=[meeting.slug, batch.pk]))
    assert file["Content-Type"] == "application/pdf"
    assert "no-store" in file["Cache-Control"] or "private" in file["Cache-Control"]
    document = pypdfium2.PdfDocument(b"".join(file.streaming_content))
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    assert person.family_name in text
    assert person.patronymic not in text


def test_sign_in_sheets_are_ordered(office, meeting):
    make_registration(meeting=meeting)

    office.post(page(meeting), {"kind": "sheets", "desks": "3"})

    batch = Batch.objects.get()
    assert (batch.kind, batch.options["asked"]["desks"]) == (BatchKind.SHEETS, 3)


def test_a_wrong_number_of_desks_is_said_beside_the_field(office, meeting):
    make_registration(meeting=meeting)

    answer = office.post(page(meeting), {"kind": "sheets", "desks": "99"})

    assert answer.status_code == 422
    assert 'value="99"' in answer.text
    assert "sheets-desks_error" in answer.text
    assert not Batch.objects.exists()


def test_an_unknown_kind_is_not_found(office, meeting):
    assert office.post(page(meeting), {"kind": "posters"}).status_code == 404


def test_looking_changes_nothing(office, meeting):
    make_registration(meeting=meeting)

    office.get(page(meeting))

    assert not Batch.objects.exists()


def test_names_to_look_at_are_listed_with_the_way_to_fix_them(office, meeting):
    make_registration(meeting=meeting, family_name="ПЕТРОВА", given_name="АННА", patronymic="")

    text = office.get(page(meeting)).text

    assert "All in capitals" in text
    assert "Perhaps: Петрова Анна" in text


def test_a_failed_batch_says_so_in_words(office, meeting):
    make_registration(meeting=meeting)
    office.post(page(meeting), {"kind": "sheets", "desks": "1"})
    Batch.objects.update(state=BatchState.FAILED, error="storage", finished_at=timezone.now())

    text = office.get(page(meeting)).text

    assert "Could not be made" in text
    assert "Perhaps the disk is full." in text


def test_one_badge_comes_as_a_page_of_its_own_size(office, meeting):
    person = make_registration(meeting=meeting, family_name="Соловьёв")

    answer = office.get(reverse("manage-badge", args=[meeting.slug, person.number]))

    assert answer["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((255.12, 155.91), abs=0.01)
    document.close()


def test_a_preview_is_an_outline_without_anything_that_runs(office, meeting):
    person = make_registration(meeting=meeting, organization="<script>alert(1)</script> Ltd")

    answer = office.get(reverse("manage-badge-preview", args=[meeting.slug, person.number]))

    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.text.startswith("<svg ")
    assert "script" not in answer.text
    assert "<text" not in answer.text


def test_whoever_is_not_confirmed_or_comes_online_has_no_badge(office, meeting):
    pending = make_registration(meeting=meeting, status=Status.PENDING)
    online = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE)

    for person in pending, online:
        answer = office.get(reverse("manage-badge", args=[meeting.slug, person.number]))
        assert answer.status_code == 404


def test_a_stranger_finds_nothing(client, meeting):
    person = make_registration(meeting=meeting)
    by = batches.journal.organizer(meeting.owners.get())
    batch = batches.order(
        meeting=meeting, kind=BatchKind.BADGES, options={}, at=timezone.now(), by=by
    )
    make_all()
    client.force_login(make_user())

    answers = [client.get(a).status_code for a in all_addresses(meeting, person, batch)]

    assert answers == [404] * len(answers)
    assert client.post(page(meeting), {"kind": "badges"}).status_code == 404


def test_another_meetings_rows_are_not_reached_through_ones_own(office, user, meeting):
    foreign = make_meeting(seat_limit=None)
    person = make_registration(meeting=foreign)
    by = batches.journal.organizer(foreign.owners.get())
    batch = batches.order(
        meeting=foreign, kind=BatchKind.BADGES, options={}, at=timezone.now(), by=by
    )
    make_all()

    for name, key in ("manage-badge-file", batch.pk), ("manage-badge", person.number):
        assert office.get(reverse(name, args=[meeting.slug, key])).status_code == 404


def test_a_visitor_is_asked_to_sign_in(client, meeting):
    person = make_registration(meeting=meeting)
    by = batches.journal.organizer(meeting.owners.get())
    batch = batches.order(
        meeting=meeting, kind=BatchKind.BADGES, options={}, at=timezone.now(), by=by
    )

    for address in all_addresses(meeting, person, batch):
        assert client.get(address).status_code == 302


def test_the_page_takes_the_same_statements_for_one_and_for_three(
    office, meeting, django_assert_max_num_queries
):
    region = meeting.region_set.regions.first()

    def statements():
        with django_assert_max_num_queries(30) as seen:
            office.get(page(meeting))
        return len(seen)

    make_registration(meeting=meeting, region=region, family_name="ИВАНОВ")
    office.post(page(meeting), {"kind": "sheets", "desks": "1"})
    one = statements()
    for number in 2, 3:
        make_registration(meeting=meeting, region=region, family_name="ПЕТРОВ")
        office.post(page(meeting), {"kind": "sheets", "desks": str(number)})

    assert statements() == one


def test_a_file_says_that_participants_have_changed_since(office, meeting):
    make_registration(meeting=meeting)
    office.post(page(meeting), {"kind": "sheets", "desks": "1"})
    make_all()
    batch = Batch.objects.get()

    def is_outdated():
        said = "What it prints has changed since" in office.get(page(meeting)).text
        assert said == (batches.outdated(meeting, [batch]) == {batch.pk})
        return said

    assert not is_outdated()
    late = make_registration(meeting=meeting)
    assert is_outdated()

    late.status, late.seat = Status.CANCELLED, "none"
    late.save(update_fields=["status", "seat"])
    assert not is_outdated()


@pytest.fixture
def files(meeting):
    """One of each kind, and badges with nothing on them that may be left out."""
    make_registration(meeting=meeting)
    bare = dict.fromkeys(["latin", "patronymic", "region", "position"], False)
    orders = {"badges": (BatchKind.BADGES, {}), "bare": (BatchKind.BADGES, bare),
              "sheets": (BatchKind.SHEETS, {})}  # fmt: skip
    return {
        name: batches.order(meeting=meeting, kind=kind, options=options, at=NOON, by=ORGANIZER)
        for name, (kind, options) in orders.items()
    }


def outdated(meeting, files):
    found = batches.outdated(meeting, files.values())
    return {name for name, batch in files.items() if batch.pk in found}


@pytest.mark.parametrize(
    ("field", "value", "printed_on"),
    [
        ("family_name", "Новая", {"badges", "bare", "sheets"}),
        ("organization", "Другая", {"badges", "bare", "sheets"}),
        ("position", "Директор по развитию", {"badges", "sheets"}),
        ("patronymic", "Львович", {"badges", "sheets"}),
        ("latin_name", "Nova", {"badges"}),
        ("phone", "+74951234567", set()),
        ("language", "en", set()),
        ("email", "new@example.org", set()),
    ],
)
def test_only_what_a_file_prints_makes_it_old(meeting, files, field, value, printed_on):
    amending.amend(
        registration=meeting.registrations.get(), changes={field: value}, version=None,
        at=NOON + timedelta(hours=1), by=ORGANIZER, as_organizer=True,
    )  # fmt: skip

    assert outdated(meeting, files) == printed_on


@pytest.mark.parametrize(
    ("changes", "printed_on"),
    [
        ({"short_title": "Другое"}, {"badges", "bare", "sheets"}),
        ({"time_zone": "Asia/Vladivostok"}, {"badges", "bare", "sheets"}),
        ({"venue": "Другой зал"}, set()),
    ],
)
def test_so_does_what_it_prints_of_the_meeting(meeting, files, changes, printed_on):
    convening.change(
        meeting=meeting, changes=changes, version=None, at=NOON + timedelta(hours=1), by=ORGANIZER
    )

    assert outdated(meeting, files) == printed_on


def test_so_do_merged_organizations_and_recoloured_categories(meeting, files):
    say = {"meeting": meeting, "by": ORGANIZER}
    key = meeting.registrations.get().organization_key
    before = outdated(meeting, files)
    categories.arrange(
        kept=list(meeting.categories.all()), removed=[], version=None, at=NOON + timedelta(hours=1),
        **say,
    )  # fmt: skip
    recoloured = outdated(meeting, files)
    organizations.merge(
        keys=[key], name="АО «Берег»", short_name="Берег", at=NOON + timedelta(hours=2), **say
    )
    merged = outdated(meeting, files)
    Batch.objects.update(created_at=NOON + timedelta(hours=3))
    files = {name: Batch.objects.get(pk=batch.pk) for name, batch in files.items()}
    made_anew = outdated(meeting, files)
    organizations.separate(key=key, at=NOON + timedelta(hours=4), **say)

    assert (before, made_anew) == (set(), set())
    assert recoloured == {"badges", "bare"}
    assert merged == outdated(meeting, files) == {"badges", "bare", "sheets"}


def test_an_expired_file_is_gone(office, meeting):
    make_registration(meeting=meeting)
    office.post(page(meeting), {"kind": "sheets", "desks": "1"})
    make_all()
    batch = Batch.objects.get()

    batches.sweep(at=timezone.now() + timedelta(days=8))

    address = reverse("manage-badge-file", args=[meeting.slug, batch.pk])
    assert office.get(address).status_code == 404


def test_a_number_that_cannot_be_is_found_nowhere(office, meeting):
    make_registration(meeting=meeting)
    within = f"/manage/{meeting.slug}"

    for address in (f"{within}/badges/%00.svg", f"{within}/participants/%00/badge.pdf"):
        assert office.get(address).status_code == 404
