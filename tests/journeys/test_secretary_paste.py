"""A secretary brings sixty people from a spreadsheet: looked at, corrected, saved exactly once."""

import io
import re
import time

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.journeys.browsers import DESK, PHONE, people
from tests.journeys.stage import ZONE, Stage, is_fine, press

pytestmark = [pytest.mark.journey, pytest.mark.browser]

# Names as they come: apostrophes, hyphens, ё, one letter, two-word patronymics, doubled spaces.
UGLY = [
    "О’Коннор-Смит Шон", "D'Angelo Marco", "Ёлкин  Пётр   Ильич", "Соловьёва-Ежова Анна-Мария",
    "Мамедов Али Гусейн оглы", "Ы Ян", "  ПЕТРОВА АННА ИВАНОВНА ", "Łukasz Żółć", "де ла Крус Хуан",
]  # fmt: skip
# What a spreadsheet would take for a formula, were it written back as it came.
FORMULAS = ['=HYPERLINK("http://x.example","щёлкните")', "+7 (495) 000", "@SUM(1+1)", "-2+3"]
LETTERS = "абвгдежзиклмнопрстуфхцчшэюя"


def rows(stage):
    """Sixty people, two of them with an error, and one of them twice."""
    made = []
    for n in range(60):
        name = UGLY[n] if n < len(UGLY) else f"Иванов{LETTERS[n % 26]}{LETTERS[n // 26]} Пётр Ильич"
        organization = FORMULAS[n] if n < len(FORMULAS) else "АО «Северный  берег»"
        made.append(
            [name, organization, "Начальник отдела", stage.address(f"p{n}"), "Калужская обл."]
        )
    made[20][0] = "Иван 🎉"
    made[40][3] = "p40@example,org"
    made.append(list(made[30]))
    return made


@pytest.fixture(scope="module", params=["ru", "en"])
def stage(request, yavka, mailbox):
    return Stage(yavka, mailbox, request.param, seat_limit=100)


@pytest.fixture(scope="module")
def page(stage, driver):
    # The secretary has a desk; her colleague who reads English does it from a phone.
    at = DESK if stage.language == "ru" else PHONE
    with people(driver, ZONE) as everybody:
        page = everybody.somebody(at=at, locale=stage.said("ru-RU", "en-GB"))
        stage.sign_in(page)
        yield page
        assert everybody.strangers == []
        assert everybody.faults == []


def test_1_rows_are_looked_at_before_anything_is_saved(stage, page):
    stage.manage(page, "participants/import/")
    is_fine(page, stage.language)
    heading = ["ФИО", "Организация", "Должность", "E-mail", "Регион"]
    page.fill("[name=rows]", "\n".join("\t".join(row) for row in [heading, *rows(stage)]))
    press(page, page.locator("main form button.primary"))

    expect(page.locator("tbody tr")).to_have_count(61)
    expect(page.locator("tbody .error")).to_have_count(3)
    expect(page.locator("button[name=save]")).to_have_count(0)
    is_fine(page, stage.language)
    assert stage.office.get(f"{stage.meeting}registrations/").body["results"] == []


def test_2_errors_are_corrected_in_place(stage, page):
    typed = page.locator("[name=rows]")
    lines = typed.input_value().splitlines()
    assert len(lines) == 62
    text = "\n".join(lines[:-1])
    typed.fill(text.replace("Иван 🎉", "Фомин Иван").replace(",org", ".org").replace(
        "p40@example.org", stage.address("p40")
    ))  # fmt: skip
    press(page, page.locator("main form button").first)

    expect(page.locator("tbody tr")).to_have_count(60)
    expect(page.locator("tbody .error")).to_have_count(0)
    expect(page.locator("tbody")).to_contain_text("Ёлкин Пётр Ильич")
    is_fine(page, stage.language)


def test_3_a_double_click_puts_sixty_people_on_the_list_once(stage, page):
    with page.expect_navigation(url="**/participants/"):
        page.locator("button[name=save]").dblclick()

    told = stage.words("%(n)d person is on the list.", "%(n)d people are on the list.", 60)
    expect(page.locator("main, .notes, body").first).to_contain_text(told % {"n": 60})
    assert stage.office.get(f"{stage.meeting}seat-limits/").body["taken"] == 60
    is_fine(page, stage.language)


def test_4_going_back_and_sending_again_changes_nothing(stage, page):
    # Nothing of the office is kept by the browser: it asks whether to send the rows again. The
    # way back begins after the answer of the script, which the page that is left cannot give.
    with page.expect_event("framenavigated"):
        page.evaluate("void setTimeout(() => history.back(), 50)")
    page.reload()

    # Either as it was before the press, or sent again: nobody is on the list twice.
    if page.locator("button[name=save]").count():
        press(page, page.locator("button[name=save]"))
    expect(page.locator("tbody .error")).to_have_count(60)
    expect(page.locator("button[name=save]")).to_have_count(0)
    assert stage.office.get(f"{stage.meeting}seat-limits/").body["taken"] == 60


def test_5_each_has_one_mail(stage):
    addresses = [stage.address(f"p{n}") for n in range(60)]
    until = time.monotonic() + 40
    while time.monotonic() < until:
        counts = [len(stage.mailbox.all(to)) for to in addresses]
        if min(counts) >= 1:
            break
        time.sleep(0.5)

    assert counts == [1] * 60


def test_6_the_export_has_no_formula(stage, page):
    stage.manage(page, "participants/")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("XLSX")).click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    said = [str(cell.value) for cell in cells]

    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    # The organization as it was typed, and once more as it is called after merging.
    assert sum("HYPERLINK" in one for one in said) == 2
    assert sum("@example.org" in one for one in said) == 60
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("CSV")).click()
    csv = download.value.path().read_text(encoding="utf-8-sig")
    assert not re.search(r'(^|[;,"])[=+@]', csv, re.MULTILINE)
    assert "Ёлкин" in csv
