"""The evening of a delegation's head, on a phone: from the letter to the printed list."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import mailbox as mails
from tests.journeys.browsers import PHONE, people
from tests.journeys.stage import ZONE, Stage, is_fine, press

pytestmark = [pytest.mark.journey, pytest.mark.browser]


@pytest.fixture(scope="module", params=["ru", "en"])
def stage(request, yavka, mailbox, tmp_path_factory):
    it = Stage(yavka, mailbox, request.param, seat_limit=50, approval="automatic")
    it.head, it.folder = it.address("head"), tmp_path_factory.mktemp("evening")
    opened = it.done(it.office.post(f"{it.meeting}delegations/", {
        "name": "Калужская область", "region": "RU-KLU", "quota": 4, "language": it.language,
        "head_name": "Котова Мария Сергеевна", "head_email": it.head,
    }))  # fmt: skip
    empty = it.done(it.office.post(f"{it.meeting}delegations/", {
        "name": "Приморский край", "region": "RU-PRI", "quota": 2, "language": it.language,
        "head_name": "Пак Ольга", "head_email": it.address("pak"),
    }))  # fmt: skip
    it.done(it.office.post(f"{it.meeting}delegations/ask/", {}))
    it.uid, it.empty_uid = opened["uid"], empty["uid"]
    return it


@pytest.fixture(scope="module")
def phone(stage, driver):
    with people(driver, ZONE) as everybody:
        page = everybody.somebody(locale={"ru": "ru-RU", "en": "en-GB"}[stage.language])
        yield page
        assert everybody.strangers == []
        assert everybody.faults == []


def link_in(mail):
    return re.search(r"https?://\S+/d/[a-z2-7]+/", mails.text(mail))[0]


def person(page, name):
    return page.locator("ol.people > li", has=page.get_by_text(name))


def link_of(page, name, part):
    return person(page, name).locator(f"a[href$='/{part}/']")


def agree(page):
    for box in page.locator("[name=agreed]").all():
        box.check()


def write(page, *, name, organization, position, email):
    page.fill("[name=name]", name)
    page.fill("[name=organization]", organization)
    page.fill("[name=position]", position)
    page.fill("[name=email]", email)
    agree(page)


def asking(stage):
    """What the letter to a head says first."""
    return stage.said("просим сформировать состав делегации", "please name your people")


def test_1_the_letter_opens_an_empty_list(stage, phone):
    mail = stage.mailbox.wait_for(stage.head, asking(stage))
    stage.link = link_in(mail)
    assert "Калужская область" in mail["Subject"]
    assert "4" in mail["Subject"]
    assert "Yavka" not in mails.text(mail)

    phone.goto(stage.link)

    # The letter's language is the page's, without being asked.
    is_fine(phone, stage.language)
    expect(phone.locator("h1")).to_have_text("Калужская область")
    assert phone.viewport_size == PHONE
    assert "Yavka" not in phone.locator("body").inner_text()


def test_2_a_person_in_four_fields(stage, phone):
    write(phone, name="соловьёва-ежова  Анна  Петровна", organization="Правительство области",
          position="Министр", email=stage.address("anna"))  # fmt: skip
    press(phone, phone.locator("form[action$='/add/'] button.primary"))

    expect(phone.locator("ol.people > li")).to_have_count(1)
    expect(person(phone, "Анна Петровна")).to_be_visible()
    mail = stage.mailbox.wait_for(stage.address("anna"), stage.title)
    stage.ticket = mails.ticket(mail, stage.folder)
    assert "Котова Мария Сергеевна" in mails.text(mail)
    is_fine(phone, stage.language)


def test_3_pasted_rows_are_corrected_before_they_are_saved(stage, phone):
    press(phone, phone.locator("a[href$='/paste/']"))
    rows = [
        ["Сидоров Иван Ильич", "АО «Парк»", "Директор", "ivan@example,org"],
        ["О’Коннор-Смит Шон", "=HYPERLINK(\"x\")", "Водитель", stage.address("sean")],
    ]  # fmt: skip
    phone.fill("[name=rows]", "\n".join("\t".join(row) for row in rows))
    press(phone, phone.locator("main form button.primary"))
    expect(phone.locator("td .error, th .error")).to_have_count(1)
    expect(phone.locator("button[name=save]")).to_have_count(0)
    is_fine(phone, stage.language)

    typed = phone.locator("[name=rows]")
    typed.fill(typed.input_value().replace("ivan@example,org", stage.address("ivan")))
    press(phone, phone.locator("main form button").first)
    agree(phone)
    with phone.expect_navigation():
        phone.locator("button[name=save]").dblclick()

    expect(phone.locator("ol.people > li")).to_have_count(3)
    stage.mailbox.wait_for(stage.address("ivan"), stage.title)
    stage.mailbox.wait_for(stage.address("sean"), stage.title)


def test_4_somebody_is_replaced_and_the_old_ticket_is_refused(stage, phone, driver):
    press(phone, link_of(phone, "Анна Петровна", "replace"))
    is_fine(phone, stage.language)
    write(phone, name="Ёлкин Пётр", organization="Правительство области",
          position="Заместитель министра", email=stage.address("elkin"))  # fmt: skip
    press(phone, phone.locator("main form button.primary"))

    expect(person(phone, "Ёлкин Пётр")).to_contain_text("Анна Петровна")
    expect(phone.locator("ol.people > li")).to_have_count(3)
    came = stage.mailbox.wait_for(stage.address("elkin"), stage.title)
    gone = stage.mailbox.wait_for(
        stage.address("anna"), stage.said("Участие отменено", "Participation cancelled"),
    )  # fmt: skip
    assert mails.part(gone, "text/calendar").get_param("method") == "CANCEL"
    copy = stage.mailbox.wait_for(
        stage.head, stage.said("Вы зарегистрированы", "You are registered")
    )
    assert "Ёлкин Пётр" in mails.text(copy)

    desk = stage.done(
        stage.office.post(f"{stage.meeting}access-links/", {"purpose": "desk", "label": "1"})
    )
    with people(driver, ZONE) as door:
        steward = door.somebody(script=False)
        stage.open(steward, desk["url"])
        press(steward, steward.locator("main form button").first)
        for code, tone in ((stage.ticket, "no"), (mails.ticket(came, stage.folder), "yes")):
            steward.fill("[name=code]", code)
            press(steward, steward.locator("[data-code] button"))
            expect(steward.locator(".verdict").first).to_have_class(re.compile(rf"\b{tone}\b"))


def test_5_somebody_is_taken_off(stage, phone):
    press(phone, link_of(phone, "Сидоров Иван", "remove"))
    is_fine(phone, stage.language)
    press(phone, phone.locator("main form button.danger"))

    expect(phone.locator("ol.people > li")).to_have_count(2)
    # Who was named once stays to be seen, apart from the list.
    expect(phone.locator("ul.people > li")).to_contain_text(["Сидоров Иван"])
    stage.mailbox.wait_for(
        stage.address("ivan"),
        stage.said("Участие отменено", "Participation cancelled"),
    )


def test_6_a_mistyped_address_is_corrected(stage, phone):
    old = stage.mailbox.wait_for(stage.address("sean"), stage.title)
    former = re.search(r"https?://\S+/r/[a-z2-7]+/", mails.text(old))[0]
    press(phone, link_of(phone, "О’Коннор-Смит", "address"))
    is_fine(phone, stage.language)
    phone.fill("[name=email]", stage.address("sean.oconnor"))
    press(phone, phone.locator("main form button.primary"))

    again = stage.mailbox.wait_for(stage.address("sean.oconnor"), stage.title)
    current = re.search(r"https?://\S+/r/[a-z2-7]+/", mails.text(again))[0]
    assert phone.request.get(former).status == 404
    assert phone.request.get(current).status == 200
    expect(person(phone, "О’Коннор-Смит")).to_contain_text(stage.address("sean.oconnor"))


def test_7_when_all_places_are_taken_it_says_so(stage, phone):
    for given in ("Ян", "Ли"):
        write(phone, name=f"Ким {given}", organization="АО", position="Эксперт", email="")
        press(phone, phone.locator("form[action$='/add/'] button.primary"))

    expect(phone.locator("ol.people > li")).to_have_count(4)
    expect(phone.locator("form[action$='/add/']")).to_have_count(0)
    full = "All places are taken. Replace or remove somebody to name another person."
    expect(phone.locator("main")).to_contain_text(stage.words(full))
    is_fine(phone, stage.language)


def test_8_the_list_is_printed(stage, phone):
    press(phone, phone.locator("a[href$='/list/']"))
    expect(phone.locator("tbody tr")).to_have_count(4)
    is_fine(phone, stage.language)
    phone.evaluate("window.print = () => { window.printed = true }")
    phone.locator("[data-print]").click()
    assert phone.evaluate("window.printed") is True
    phone.emulate_media(media="print")
    expect(phone.locator("[data-print]")).to_be_hidden()
    phone.emulate_media(media="screen")


def test_9_nobody_else_comes_and_the_lists_close(stage, phone):
    mail = stage.mailbox.wait_for(stage.address("pak"), asking(stage))
    stage.open(phone, link_in(mail))
    press(phone, phone.locator("form[action$='/nobody/'] button"))
    expect(phone.locator(".note").first).to_be_visible()
    expect(phone.locator("form[action$='/nobody/']")).to_have_count(0)
    is_fine(phone, stage.language)
    refused = stage.office.get(f"{stage.meeting}delegations/{stage.empty_uid}/").body
    assert refused["refused_at"]

    # The organizer closes the lists: the page still shows them, and nothing can be changed.
    stage.done(stage.office.post(f"{stage.meeting}pass-lists/close/", {}))
    phone.goto(stage.link)
    expect(phone.locator("ol.people > li")).to_have_count(4)
    expect(phone.locator("main form")).to_have_count(0)
    expect(phone.locator("main")).to_contain_text(
        stage.words("Nothing can be changed here any more.")
    )
    is_fine(phone, stage.language)
