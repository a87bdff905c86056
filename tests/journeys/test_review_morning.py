"""An organizer's morning: twenty requests, seventeen seats, a waiting list, second thoughts."""

import pytest
from playwright.sync_api import expect

from tests.journeys import mailbox as mails
from tests.journeys.browsers import DESK, PHONE, people
from tests.journeys.stage import ZONE, Stage, is_fine, press

pytestmark = [pytest.mark.journey, pytest.mark.browser]

SEATS = 17
LETTERS = "абвгдежзиклмнопрстуф"


@pytest.fixture(scope="module", params=["ru", "en"])
def stage(request, yavka, mailbox):
    it = Stage(
        yavka, mailbox, request.param,
        seat_limit=SEATS, approval="manual", has_waiting_list=False,
    )  # fmt: skip
    it.seen = set()
    it.brought = bring(it, range(20))
    return it


@pytest.fixture(scope="module")
def page(stage, driver):
    at = DESK if stage.language == "ru" else PHONE
    with people(driver, ZONE) as everybody:
        page = everybody.somebody(at=at, locale=stage.said("ru-RU", "en-GB"))
        stage.sign_in(page)
        yield page
        assert everybody.strangers == []
        assert everybody.faults == []


def bring(stage, which):
    """Requests, in this order; returns their numbers."""
    asked = [
        {
            "family_name": f"Проситель{LETTERS[n]}", "given_name": "Пётр",
            "email": stage.address(f"r{n}"), "organization": "АО", "position": "Директор",
            "region": "RU-KLU", "language": stage.language,
        }
        for n in which
    ]  # fmt: skip
    body = {"people": asked, "skips_review": False}
    return [
        one["number"] for one in stage.done(stage.office.post(f"{stage.meeting}imports/", body))
    ]


def of(stage, n):
    return stage.office.get(f"{stage.meeting}registrations/{stage.brought[n]}/").body


def take(stage, page, n, step, **reason):
    """One step with one registration, on its page."""
    stage.manage(page, f"participants/{stage.brought[n]}/")
    if step not in stage.seen:
        is_fine(page, stage.language)
    button = page.locator(f"button[name=step][value={step}]")
    if reason:
        page.locator("details", has=button).locator("summary").click()
        page.fill("[name=reason]", reason["text"])
        page.locator("[name=shows_reason]").set_checked(reason["is_shown"])
        if step not in stage.seen:
            is_fine(page, stage.language)
    stage.seen.add(step)
    press(page, button)


def pending(stage, page):
    stage.manage(page, "participants/")
    page.select_option("select[name=status]", "pending")
    press(page, page.locator("form[role=search] button.primary"))


def test_1_twenty_wait_for_an_answer(stage, page):
    stage.manage(page)
    is_fine(page, stage.language)
    pending(stage, page)

    expect(page.locator("main table tbody tr")).to_have_count(20)
    is_fine(page, stage.language)


def test_2_two_are_declined_one_reads_why(stage, page):
    take(stage, page, 0, "decline", text="Нет мест для рекламы", is_shown=True)
    take(stage, page, 1, "decline", text="Мешал в прошлый раз", is_shown=False)

    declined = stage.said("Заявка отклонена", "Request declined")
    shown = mails.text(stage.mailbox.wait_for(stage.address("r0"), declined))
    hidden = mails.text(stage.mailbox.wait_for(stage.address("r1"), declined))
    assert "Нет мест для рекламы" in shown
    assert "Мешал" not in hidden


def test_3_eighteen_are_ticked_and_seventeen_get_in(stage, page):
    pending(stage, page)
    expect(page.locator("main table tbody tr")).to_have_count(18)
    every = page.locator("button[data-tick]")
    expect(every).to_have_text(stage.words("Tick all"))
    every.click()
    expect(page.locator("[name=number]:checked")).to_have_count(18)
    expect(every).to_have_text(stage.words("Tick nobody"))
    is_fine(page, stage.language)
    press(page, page.locator("button[form=many][value=approve]"))

    told = page.locator("body")
    counted = stage.words("%(n)s confirmed", "%(n)s confirmed", SEATS) % {"n": SEATS}
    expect(told).to_contain_text(counted)
    expect(told).to_contain_text("1 × " + stage.words("All seats are taken."))
    # The filter stands, and the list has whoever is left: by name.
    left = of(stage, 19)
    expect(page.locator("main table tbody tr")).to_have_count(1)
    expect(page.locator("main table tbody")).to_contain_text(left["family_name"])
    assert (left["status"], of(stage, 18)["status"]) == ("pending", "confirmed")
    is_fine(page, stage.language)
    stage.mailbox.wait_for(stage.address("r18"), stage.title)


def test_4_a_confirmation_is_taken_back_and_given_again(stage, page):
    take(stage, page, 2, "decline", text="Ошибка секретариата", is_shown=True)
    assert of(stage, 2)["status"] == "declined"
    stage.mailbox.wait_for(stage.address("r2"), stage.said("отклонена", "declined"))

    take(stage, page, 2, "approve")
    assert of(stage, 2)["status"] == "confirmed"


def test_5_whoever_was_cancelled_is_put_back(stage, page):
    take(stage, page, 3, "cancel")
    stage.mailbox.wait_for(
        stage.address("r3"), stage.said("Участие отменено", "Participation cancelled")
    )
    assert of(stage, 3)["status"] == "cancelled"
    take(stage, page, 3, "restore")
    if of(stage, 3)["status"] == "pending":
        take(stage, page, 3, "approve")

    assert of(stage, 3)["status"] == "confirmed"
    assert stage.office.get(f"{stage.meeting}seat-limits/").body["taken"] == SEATS


def test_6_a_waiting_list_is_rehearsed_and_moves(stage, page):
    version = stage.office.get(stage.meeting).headers["ETag"]
    stage.done(stage.office.call(
        "PATCH", stage.meeting, {"has_waiting_list": True}, If_Match=version
    ))  # fmt: skip
    for n in (19, 0, 1):
        take(stage, page, n, "approve")
    stage.manage(page, "edit/limits/")
    is_fine(page, stage.language)
    expect(page.locator("ol.lines li")).to_have_count(3)
    first = page.locator("ol.lines li").first
    expect(first).to_contain_text(of(stage, 19)["family_name"])

    # Out of turn and beyond the limit; then one gives up, and the first in line moves up.
    take(stage, page, 1, "promote_over")
    assert of(stage, 1)["status"] == "confirmed"
    stage.mailbox.wait_for(
        stage.address("r1"), stage.said("Участие подтверждено", "Participation confirmed")
    )
    rehearsed = stage.office.get(f"{stage.meeting}waiting-list/").body
    assert [one["number"] for one in rehearsed] == [stage.brought[19], stage.brought[0]]

    stage.done(
        stage.office.call("PATCH", f"{stage.meeting}seat-limits/", {"seat_limit": SEATS + 2})
    )
    stage.mailbox.wait_for(
        stage.address("r19"), stage.said("Участие подтверждено", "Participation confirmed")
    )
    statuses = [of(stage, n)["status"] for n in (19, 0)]
    assert statuses == ["confirmed", "waitlisted"]
    stage.manage(page, "edit/limits/")
    expect(page.locator("ol.lines li")).to_have_count(1)
