"""The registration form in a real browser: by keyboard, without script, pressed twice, offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Visitor
from tests.browser.pages import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

FORM = "/m/open/register/?lang=ru"


@pytest.fixture
def visitor(place: tuple[str, World], started: Browser) -> Iterator[Visitor]:
    found = Visitor(
        started, *place, viewport={"width": 390, "height": 800}, timezone_id="Asia/Vladivostok"
    )
    yield found
    found.context.close()


@pytest.fixture
def tab(visitor: Visitor) -> Page:
    visitor.tab.goto(FORM)
    return visitor.tab


def fill_in(tab: Page, email: str) -> None:
    tab.get_by_label("Фамилия").fill("Сидорова")
    tab.get_by_label("Имя", exact=True).fill("Анна")
    tab.get_by_label("Эл. почта", exact=True).fill(email)
    tab.get_by_label("Организация", exact=True).fill("АО «Северный берег»")
    tab.get_by_label("Должность").fill("Директор")
    tab.locator("[name=category]").first.check()
    tab.locator("[name^=consent_]").check()


def region(tab: Page) -> str:
    return str(tab.locator("select[name=region]").input_value())


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("мос", ["Москва", "Московская область"]),
        ("подмос", ["Московская область"]),
        ("Moscow obl", ["Московская область"]),
        ("rfke;", ["Калужская область"]),
        ("ЕВРЕЙ", ["Еврейская автономная область"]),
    ],
)
def test_a_region_is_found_by_a_few_letters(tab: Page, typed: str, found: list[str]) -> None:
    tab.get_by_role("combobox").press_sequentially(typed)

    assert tab.get_by_role("option").all_inner_texts() == found


def test_a_region_is_chosen_with_the_keyboard_alone(tab: Page) -> None:
    box = tab.get_by_role("combobox")
    box.press_sequentially("моск")
    box.press("ArrowDown")
    box.press("ArrowDown")

    active = tab.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true"
    box.press("Enter")

    assert box.input_value() == active.text_content() or box.input_value() == "Московская область"
    assert region(tab) == "RU-MOS"
    assert box.get_attribute("aria-expanded") == "false"
    assert tab.url.endswith(FORM)


def test_the_number_of_matches_is_announced(tab: Page) -> None:
    tab.get_by_role("combobox").press_sequentially("мос")

    assert tab.locator("[data-combobox] [role=status]").inner_text() == "Найдено 2 региона"


def test_at_most_eight_matches_are_shown(tab: Page) -> None:
    tab.get_by_role("combobox").press_sequentially("рес")

    assert tab.get_by_role("option").count() == 8


def test_escape_closes_the_list_and_then_clears(tab: Page) -> None:
    box = tab.get_by_role("combobox")
    box.press_sequentially("мос")
    box.press("Escape")
    assert not tab.get_by_role("listbox").is_visible()
    assert box.input_value() == "мос"

    box.press("Escape")

    assert box.input_value() == ""


def test_a_pasted_name_is_taken_when_the_field_is_left(tab: Page) -> None:
    box = tab.get_by_role("combobox")
    box.fill("татария")
    box.blur()

    assert region(tab) == "RU-TA"
    assert box.input_value() == "Республика Татарстан"


def test_an_unknown_region_is_met_with_the_nearest(tab: Page) -> None:
    box = tab.get_by_role("combobox")
    box.fill("Калужзкая область")
    box.blur()

    said = tab.locator("#id_region_error").inner_text()
    assert "Калужская область" in said
    assert box.get_attribute("aria-invalid") == "true"
    assert "id_region_error" in (box.get_attribute("aria-describedby") or "")
    box.fill("Калужская область")
    box.blur()
    assert not tab.locator("#id_region_error").is_visible()


def test_the_only_match_is_taken_when_the_field_is_left(tab: Page) -> None:
    box = tab.get_by_role("combobox")
    box.press_sequentially("подмос")
    box.press("Tab")

    expect(box).to_have_value("Московская область")
    assert region(tab) == "RU-MOS"


def press(tab: Page, target: Locator, *, by_touch: bool) -> None:
    """Where the target is now, as a finger or a mouse does it; not where it goes meanwhile."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if by_touch:
        tab.touchscreen.tap(x, y)
    else:
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.wait_for_timeout(120)
        tab.mouse.up()


@pytest.mark.parametrize("by_touch", [True, False])
def test_the_press_that_leaves_an_unmatched_region_meets_its_aim(
    place: tuple[str, World], started: Browser, by_touch: bool
) -> None:
    visitor = Visitor(
        started, *place, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    tab = visitor.tab
    tab.goto(FORM)
    choice = tab.locator("[name=category]").nth(1)
    tab.get_by_role("combobox").press_sequentially("мос")
    tab.get_by_role("combobox").press("Escape")

    press(tab, choice, by_touch=by_touch)

    expect(choice).to_be_checked()
    expect(tab.locator("#id_region_error")).to_be_visible()
    tab.get_by_role("combobox").fill("Калужзкая")
    tab.get_by_role("combobox").press("Escape")
    with tab.expect_request(lambda request: request.method == "POST"):
        press(tab, tab.get_by_role("button", name="Зарегистрироваться"), by_touch=by_touch)
    visitor.context.close()


def test_back_from_another_page_the_region_is_still_there(tab: Page) -> None:
    tab.get_by_role("combobox").press_sequentially("Калуж")
    tab.get_by_role("combobox").press("Enter")
    tab.goto("/m/open/consent/processing/?lang=ru")

    tab.go_back()

    expect(tab.get_by_role("combobox")).to_have_value("Калужская область")
    tab.get_by_role("combobox").focus()
    tab.get_by_role("combobox").blur()
    assert region(tab) == "RU-KLU"


def test_a_list_without_matches_says_so(tab: Page) -> None:
    tab.get_by_role("combobox").press_sequentially("йцщ")

    assert tab.get_by_role("option").all_inner_texts() == ["Ничего не найдено"]
    assert tab.locator("[data-combobox] [role=status]").inner_text() == "Ничего не найдено"


def test_no_region_is_the_first_choice_offered(tab: Page) -> None:
    tab.get_by_role("combobox").click()

    assert tab.get_by_role("option").first.inner_text().startswith("Без региона")


def test_a_participant_registers_and_his_clock_is_known(tab: Page) -> None:
    fill_in(tab, "browser@example.org")
    tab.get_by_role("combobox").fill("Приморский край")
    tab.get_by_role("combobox").blur()
    tab.wait_for_timeout(2000)
    tab.get_by_role("button", name="Зарегистрироваться").click()
    tab.wait_for_url("**/r/*/")

    assert "Анна, вы зарегистрированы" in tab.locator("h1").inner_text()
    assert "17:00 у вас" in tab.locator("main").inner_text()
    assert tab.get_by_role("img").get_attribute("aria-label", timeout=1000)


def test_two_quick_presses_are_one_registration(visitor: Visitor, tab: Page) -> None:
    posts: list[str] = []
    tab.on("request", lambda request: posts.append(request.url) if request.method == "POST" else 0)
    fill_in(tab, "twice@example.org")
    tab.get_by_role("combobox").fill("Москва")
    tab.get_by_role("combobox").blur()
    tab.wait_for_timeout(2000)

    tab.get_by_role("button", name="Зарегистрироваться").dblclick(no_wait_after=True)
    tab.wait_for_url("**/r/*/")

    assert len(posts) == 1


def test_the_summary_of_errors_takes_the_focus(tab: Page) -> None:
    tab.get_by_role("button", name="Зарегистрироваться").click()
    tab.wait_for_selector("#errors")

    assert tab.evaluate("document.activeElement.id") == "errors"
    tab.locator("#errors a").first.click()
    assert tab.evaluate("document.activeElement.id") == "id_family_name"


def test_a_mistyped_address_is_noticed_and_never_blocks(tab: Page) -> None:
    tab.get_by_label("Эл. почта", exact=True).fill("anna@gmial.com")
    tab.get_by_label("Эл. почта", exact=True).blur()

    tab.get_by_role("button", name="anna@gmail.com").click()

    assert tab.get_by_label("Эл. почта", exact=True).input_value() == "anna@gmail.com"


def test_without_a_connection_nothing_is_sent_and_nothing_lost(visitor: Visitor, tab: Page) -> None:
    fill_in(tab, "offline@example.org")
    visitor.context.set_offline(True)

    tab.get_by_role("button", name="Зарегистрироваться").click()

    assert "нет связи" in tab.locator("[data-progress]").inner_text()
    assert tab.get_by_label("Фамилия").input_value() == "Сидорова"


def test_registering_somebody_else_turns_autofill_off_and_asks_who_one_is(tab: Page) -> None:
    assert not tab.get_by_label("Ваше имя").is_visible()

    tab.get_by_label("Другого участника").check()

    assert tab.get_by_label("Ваше имя").is_visible()
    given = tab.get_by_role("checkbox", name="Участник дал согласие на обработку")
    assert given.count() == 1
    assert tab.get_by_text("Даю согласие на обработку").first.is_hidden()
    assert tab.get_by_label("Фамилия").get_attribute("autocomplete") == "off"


def test_all_of_it_works_without_script(place: tuple[str, World], started: Browser) -> None:
    visitor = Visitor(started, *place, java_script_enabled=False)
    tab = visitor.tab
    tab.goto(FORM)
    assert not tab.get_by_label("Ваше имя").is_visible()

    own = tab.get_by_role("checkbox", name="Даю согласие на обработку персональных данных")
    assert own.count() == 1
    tab.get_by_label("Другого участника").check()
    assert own.count() == 0
    tab.get_by_label("Себя").check()
    fill_in(tab, "noscript@example.org")
    tab.locator("select[name=region]").select_option(label="Тульская область")
    tab.wait_for_timeout(2000)
    tab.get_by_role("button", name="Зарегистрироваться").click()
    tab.wait_for_url("**/r/*/")
    tab.get_by_role("link", name="Отменить участие").click()
    tab.get_by_role("button", name="Отменить участие").click()

    assert "Вы не участвуете" in tab.locator("h1").inner_text()
    tab.get_by_role("button", name="Вернуть участие").click()
    assert "вы зарегистрированы" in tab.locator("h1").inner_text()
    visitor.context.close()


def test_a_registration_is_two_requests_for_pages_and_the_page_after_them(
    visitor: Visitor, tab: Page
) -> None:
    pages: list[str] = []
    tab.on(
        "request",
        lambda request: pages.append(request.method) if request.is_navigation_request() else 0,
    )
    tab.goto(FORM)
    fill_in(tab, "count@example.org")
    tab.get_by_role("combobox").fill("Москва")
    tab.get_by_role("combobox").blur()
    tab.wait_for_timeout(2000)
    tab.get_by_role("button", name="Зарегистрироваться").click()
    tab.wait_for_url("**/r/*/")

    assert pages == ["GET", "POST", "GET"]


def test_the_language_may_change_while_the_form_is_half_filled(tab: Page) -> None:
    fill_in(tab, "half@example.org")
    tab.get_by_role("button", name="EN").click()

    expect(tab.locator("html")).to_have_attribute("lang", "en")
    expect(tab.get_by_label("Family name")).to_have_value("Сидорова")
    expect(tab.locator("[name^=consent_]").first).to_be_checked()
    # Enter still sends the form: what is missing is named.
    tab.get_by_label("Family name").fill("")
    tab.get_by_label("Given name").fill("")
    tab.get_by_label("Given name").press("Enter")
    expect(tab.locator("[role=alert]").first).to_be_visible()
