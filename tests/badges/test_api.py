import pypdfium2
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from badges import batches, making
from badges.models import Batch
from tests.factories import make_meeting, make_registration, make_user

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
def api(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def at(meeting, rest):
    return f"/api/v1/meetings/{meeting.slug}/badges/{rest}"


def make_all():
    while batch := batches.claim(at=timezone.now()):
        making.make(batch)


def test_a_batch_is_ordered_followed_and_taken(api, meeting):
    make_registration(meeting=meeting)

    ordered = api.post(at(meeting, "batches/"), {"order": "desk", "desks": 2}, format="json")

    assert ordered.status_code == 202
    number = ordered.data["id"]
    assert (ordered.data["state"], ordered.data["file_url"]) == ("queued", "")
    early = api.get(at(meeting, f"batches/{number}/file/"), HTTP_ACCEPT="application/pdf")
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    make_all()
    done = api.get(at(meeting, f"batches/{number}/"))
    assert (done.data["state"], done.data["percent"], done.data["done"]) == ("done", 100, 1)
    file = api.get(done.data["file_url"], HTTP_ACCEPT="application/pdf")
    assert file["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(b"".join(file.streaming_content))
    assert len(document) == 1
    document.close()


def test_a_wrong_order_is_refused_field_by_field(api, meeting):
    answer = api.post(at(meeting, "batches/"), {"kind": "posters", "desks": 0}, format="json")

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/kind", "/desks"}


def test_nothing_to_print_is_refused_by_name(api, meeting):
    answer = api.post(at(meeting, "batches/"), {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_print")


def test_the_preflight_lists_names_to_look_at(api, meeting):
    make_registration(meeting=meeting)
    person = make_registration(
        meeting=meeting, family_name="ПЕТРОВА", given_name="АННА", patronymic=""
    )

    answer = api.get(at(meeting, "preflight/"), HTTP_ACCEPT_LANGUAGE="en")

    assert answer.data == {
        "count": 2,
        "reports": [
            {
                "number": person.number,
                "name": "ПЕТРОВА АННА",
                "fix": "Петрова Анна",
                "findings": [{"code": "all_caps", "about": "", "text": "All in capitals"}],
            }
        ],
    }


def test_one_badge_comes_as_pdf(api, meeting):
    person = make_registration(meeting=meeting)

    answer = api.get(at(meeting, f"{person.number}.pdf"), HTTP_ACCEPT="application/pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")


def test_a_stranger_finds_nothing(meeting):
    person = make_registration(meeting=meeting)
    by = batches.journal.organizer(meeting.owners.get())
    batch = batches.order(meeting=meeting, kind="badges", options={}, at=timezone.now(), by=by)
    make_all()
    stranger = APIClient()
    stranger.force_authenticate(make_user())
    addresses = [
        "batches/", f"batches/{batch.pk}/", f"batches/{batch.pk}/file/", "preflight/",
        f"{person.number}.pdf",
    ]  # fmt: skip

    assert [stranger.get(at(meeting, a)).status_code for a in addresses] == [404] * 5
    assert stranger.post(at(meeting, "batches/"), {}, format="json").status_code == 404
    visitor = APIClient()
    assert {visitor.get(at(meeting, a)).status_code for a in addresses} <= {401, 403}
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_listing_takes_the_same_statements_for_one_and_for_three(
    api, meeting, count, django_assert_num_queries
):
    make_registration(meeting=meeting)
    for desks in range(1, count + 1):
        api.post(at(meeting, "batches/"), {"kind": "sheets", "desks": desks}, format="json")

    with django_assert_num_queries(2):
        answer = api.get(at(meeting, "batches/"))

    assert len(answer.data["results"]) == count
    assert "people" not in answer.data["results"][0]["options"]


def test_a_number_that_cannot_be_is_a_problem(api, meeting):
    answer = api.get(f"/api/v1/meetings/{meeting.slug}/badges/%00.pdf")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
