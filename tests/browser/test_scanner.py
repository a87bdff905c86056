"""The scanner in a real Chromium: a film of a real ticket before its camera, keys of a gun."""

import os
import time
from datetime import timedelta

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection
from django.test import testcases
from django.utils import timezone
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from attendance.models import Outcome, Presence, Scan
from registrations import tickets
from registrations.models import Registration, Status
from tests.attendance import film
from tests.attendance.door import make_link, make_meeting, make_person, token_of
from tests.browser import axe
from tests.factories import make_consent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def driver():
    # Playwright keeps an event loop; Django would take it for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # Beside the loop Django has a connection of its own; this one would stay open all the time.
    connection.close()
    with sync_playwright() as started:
        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def launch(driver: Playwright, *more: str) -> Browser:
    executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return driver.chromium.launch(executable_path=executable, args=[*FLAGS, *more])


@pytest.fixture(scope="module")
def without_camera(driver):
    """The browser of all tests that show nothing to a camera: it takes a second to start."""
    browser = launch(driver)
    yield browser
    browser.close()


@pytest.fixture(autouse=True, scope="session")
def _static_files_from_the_houses():
    # pytest-django looks for the app by its usual name; ours has a configuration of its own.
    before, testcases._StaticFilesHandler = testcases._StaticFilesHandler, StaticFilesHandler
    yield
    testcases._StaticFilesHandler = before


@pytest.fixture
def meeting(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    now = timezone.now()
    return make_meeting(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=2))


@pytest.fixture
def open_browser(tmp_path, live_server, driver, without_camera):
    """A Chromium whose camera shows these codes, each for two seconds, round and round."""
    contexts, browsers = [], []

    def start(*codes: str, camera: bool = True) -> Page:
        browser = without_camera
        if codes:
            pictures = [None, None, *(tickets.qr_png(code) for code in codes)]
            path = film.write(tmp_path / "camera.y4m", pictures, seconds=2)
            browser = launch(driver, f"--use-file-for-fake-video-capture={path}")
            browsers.append(browser)
        context = browser.new_context(
            viewport=PHONE, locale="ru-RU", permissions=["camera"] if camera else []
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://localhost", "http://127.0.0.1", "data:"))
                else page.problems.append(request.url)
            ),
        )
        return page

    yield start
    # Closed before the server, whose threads keep a connection as long as a browser does.
    for one in contexts + browsers:
        one.close()
    wait_for_the_server_to_let_go()
    # Beside a running event loop Django has a connection of its own: this one.
    connection.close()


def wait_for_the_server_to_let_go() -> None:
    """Its threads close their connections a moment after the browser closed its own."""
    for _turn in range(50):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.1)


def start_shift(page: Page, live_server, meeting, number: int = 2) -> None:
    link = make_link(meeting, number, at=timezone.now())
    page.goto(f"{live_server.url}/c/{token_of(link)}/?lang=ru")
    page.get_by_role("button", name=f"Начать: Стойка {number}").click()
    page.wait_for_url("**/scan/")


def fire_gun(page: Page, code: str, *, layout: str = "us") -> None:
    """What a gun's keys are to the browser: quick, by place, in the layout that is set."""
    russian = dict(zip("QWERTYUIOPASDFGHJKLZXCVBNM", "ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ", strict=True))
    page.evaluate(
        """([keys]) => {
            for (const [key, code] of keys) {
                const target = document.activeElement || document.body;
                const event = { key, code, bubbles: true, cancelable: true };
                if (target.dispatchEvent(new KeyboardEvent("keydown", event)) && key.length === 1
                    && target instanceof HTMLInputElement) target.value += key;
            }
        }""",
        [
            [
                *(
                    [
                        russian.get(c, c) if layout == "ru" else c,
                        f"Digit{c}" if c.isdigit() else f"Key{c}",
                    ]
                    for c in code
                ),
                ["Enter", "Enter"],
            ]
        ],
    )


def test_the_camera_reads_a_ticket_and_the_verdict_says_what_to_do(
    open_browser, live_server, meeting
):
    person = make_person(meeting, "Красноперекопская", "Мария")
    page = open_browser(person.ticket_code)

    start_shift(page, live_server, meeting)

    verdict = page.locator(".verdict.yes")
    expect(verdict).to_be_visible(timeout=20_000)
    expect(verdict).to_contain_text("Красноперекопская Мария")
    expect(verdict.get_by_role("heading")).to_have_text("Проходите")
    expect(verdict.locator(".box b")).to_have_text("К")
    expect(page.locator("[data-counts]")).to_contain_text("1 / 1")
    assert verdict.bounding_box()["width"] == PHONE["width"]
    assert Scan.objects.get().method == "camera"
    # The film goes on: held before the camera again later, it is "already in" by then.
    expect(page.locator(".verdict.wait")).to_contain_text("Уже на месте", timeout=20_000)
    assert Scan.objects.filter(outcome=Outcome.ACCEPTED).count() == 1
    assert page.problems == []


@pytest.mark.parametrize("layout", ["us", "ru"])
def test_a_gun_is_read_whatever_the_layout_and_wherever_the_focus(
    open_browser, live_server, meeting, layout
):
    person = make_person(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.goto(f"{live_server.url}/scan/#search")
    page.locator("#q").fill("Ёл")

    fire_gun(page, person.ticket_code, layout=layout)

    expect(page.locator(".verdict.yes")).to_contain_text("Ёлкин Пётр")
    assert page.locator("#q").input_value() == "Ёл"
    assert Scan.objects.get().method == "wedge"


def test_the_second_desk_undo_search_and_log(open_browser, live_server, meeting):
    person = make_person(meeting, "Ёлкин", "Пётр")
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.locator("#code").fill(person.spoken_number)
    page.locator("#code").press("Enter")
    expect(page.locator(".verdict.yes")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".verdict")).to_have_count(0)

    # found in spite of the wrong keyboard layout
    page.get_by_role("link", name="Поиск").click()
    page.locator("#q").fill("`krby")
    page.get_by_role("button", name="Ёлкин Пётр").click()
    expect(page.locator(".verdict.wait")).to_contain_text("Уже на месте:")
    expect(page.locator(".verdict.wait")).to_contain_text("Стойка 2")
    page.locator(".verdict").get_by_role("button", name="Отменить").click()
    expect(page.locator("[data-unsent]")).to_contain_text("Повторная отметка отменена")
    expect(page.locator("[data-unsent]")).to_contain_text("Ёлкин Пётр")
    page.get_by_role("link", name="Журнал").click()
    page.get_by_role("button", name="Отменить: Ёлкин Пётр").click()

    expect(page.locator(".log .undone")).to_have_count(2)
    expect(page.locator("[data-counts]")).to_contain_text("0 / 1")
    assert not Presence.objects.exists()
    assert page.problems == []


def test_verdicts_that_do_not_let_in(open_browser, live_server, meeting):
    cancelled = make_person(meeting, "Отменённый", status=Status.CANCELLED)
    waiting = make_person(meeting, "Ждущий", status=Status.PENDING)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)

    def type_in(text):
        page.locator("#code").fill(text)
        page.locator("#code").press("Enter")

    type_in(cancelled.number)
    expect(page.locator(".verdict.no")).to_contain_text("Участие отменено")
    page.keyboard.type("0000001")  # the verdict gives way to whoever goes on typing
    page.keyboard.press("Enter")
    expect(page.locator(".verdict.no")).to_contain_text("Код не распознан")
    page.keyboard.press("Escape")
    type_in(waiting.number)
    expect(page.locator(".verdict.wait")).to_contain_text("Заявка на рассмотрении")
    page.get_by_role("button", name="Допустить").click()
    expect(page.locator(".verdict.yes")).to_contain_text("Ждущий")
    expect(page.locator("[data-counts]")).to_contain_text("1 / 1")


def test_a_walk_in_errors_beside_the_field_then_in(open_browser, live_server, meeting):
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.get_by_role("link", name="Без регистрации").click()
    page.locator("#id_given_name").fill("Олег")
    page.get_by_role("button", name="Зарегистрировать и пропустить").click()
    expect(page.locator("#id_family_name")).to_be_focused()
    expect(page.locator("#id_family_name_error")).to_be_visible()

    page.locator("#id_family_name").fill("Новиков")
    page.locator("#id_region").select_option("RU-KLU")
    page.get_by_role("button", name="Зарегистрировать и пропустить").click()

    expect(page.locator(".verdict.yes")).to_contain_text("Новиков Олег")
    expect(page.locator("[data-counts]")).to_contain_text("1 / 1")
    page.locator(".verdict").get_by_role("button", name="Отменить").click()
    expect(page.locator("[data-unsent]")).to_have_text("Вход отменён; регистрация осталась.")
    expect(page.locator("[data-counts]")).to_contain_text("0 / 1")
    assert Registration.objects.get().source == "walk_in"
    assert page.locator("#id_given_name").input_value() == ""
    assert page.problems == []


def test_a_missing_consent_is_named_beside_its_tick(open_browser, live_server, meeting):
    make_consent(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.get_by_role("link", name="Без регистрации").click()
    page.locator("#id_family_name").fill("Новиков")
    page.get_by_role("button", name="Зарегистрировать и пропустить").click()

    expect(page.locator("#id_consent")).to_be_focused()
    error = page.locator("#id_consent_error")
    expect(error).to_have_text("Участник должен согласиться на обработку персональных данных.")
    expect(error).to_be_in_viewport()
    assert not Registration.objects.exists()


def test_a_deputy_comes_instead_of_a_boss_who_was_looked_up(open_browser, live_server, meeting):
    boss = make_person(meeting, "Бобров", "Пётр")
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.get_by_role("link", name="Поиск").click()
    page.locator("#q").fill("Бобров")
    page.get_by_role("button", name="Вместо него другой человек: Бобров Пётр").click()
    expect(page.get_by_role("heading", name="Замена: Бобров Пётр")).to_be_visible()
    expect(page.locator("#instead_family_name")).to_be_focused()
    expect(page.locator("#instead_organization")).to_have_value("Парк «Заречный»")

    page.get_by_role("button", name="Заменить и пропустить").click()
    expect(page.locator("#instead_family_name_error")).to_be_visible()
    page.locator("#instead_family_name").fill("Юдин")
    page.locator("#instead_given_name").fill("Ян")
    page.get_by_role("button", name="Заменить и пропустить").click()

    expect(page.locator(".verdict.yes")).to_contain_text("Юдин Ян")
    expect(page.locator("[data-counts]")).to_contain_text("1 / 1")
    assert Registration.objects.confirmed().get().replaces == boss
    # The code that the boss has shows who came.
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Скан").click()
    page.locator("#code").fill(boss.number)
    page.locator("#code").press("Enter")
    expect(page.locator(".verdict.no")).to_contain_text("Участие отменено, замена: Юдин Ян")
    assert page.problems == []


def test_a_deputy_who_shows_the_bosss_code_is_let_in_instead(open_browser, live_server, meeting):
    boss = make_person(meeting, "Бобров", "Пётр")
    make_consent(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.locator("#code").fill(boss.number)
    page.locator("#code").press("Enter")
    expect(page.locator(".verdict.yes")).to_contain_text("Бобров Пётр")

    page.get_by_role("button", name="Вместо него другой человек").click()
    page.locator("#instead_family_name").fill("Юдин")
    page.get_by_role("button", name="Заменить и пропустить").click()
    expect(page.locator("#instead_consent")).to_be_focused()
    page.locator("#instead_consent").check()
    page.get_by_role("button", name="Заменить и пропустить").click()

    expect(page.locator(".verdict.yes")).to_contain_text("Юдин")
    expect(page.locator("[data-counts]")).to_contain_text("1 / 1")
    page.get_by_role("link", name="Журнал").click()
    expect(page.locator(".log .undone")).to_have_count(1)
    expect(page.locator(".log .undone")).to_contain_text("Бобров Пётр")
    [presence] = Presence.objects.all()
    assert presence.registration.family_name == "Юдин"
    assert page.problems == []


def test_an_answer_to_a_replacement_that_gets_lost_is_asked_for_again(
    open_browser, live_server, meeting
):
    make_person(meeting, "Бобров", "Пётр")
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    lost = []

    def lose_the_first(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/checkin/substitutions/", lose_the_first)
    page.get_by_role("link", name="Поиск").click()
    page.locator("#q").fill("Бобров")
    page.get_by_role("button", name="Вместо него другой человек").click()
    page.locator("#instead_family_name").fill("Юдин")
    page.get_by_role("button", name="Заменить и пропустить").click()
    expect(page.locator("[data-instead] [data-form-error]")).to_contain_text("Не отправлено")
    page.get_by_role("button", name="Заменить и пропустить").click()

    expect(page.locator(".verdict.yes")).to_contain_text("Юдин")
    assert Registration.objects.count() == 2
    assert Scan.objects.count() == 1


def test_without_a_network_nothing_is_lost(open_browser, live_server, meeting):
    people = [make_person(meeting, f"Участник {n}") for n in range(3)]
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.context.set_offline(True)
    for person in people:
        page.locator("#code").fill(person.number)
        page.locator("#code").press("Enter")
        expect(page.locator(".verdict.wait")).to_contain_text("Ещё не проверено")
        page.keyboard.press("Escape")
    expect(page.locator("[data-unsent]")).to_have_text("Нет связи. Не отправлено: 3")

    # The answer to the first attempt is lost on the way: it is sent again, same id.
    page.context.set_offline(False)

    expect(page.locator("[data-unsent]")).to_be_hidden(timeout=20_000)
    expect(page.locator("[data-counts]")).to_contain_text("3 / 3", timeout=20_000)
    assert Scan.objects.count() == Presence.objects.count() == 3


def test_an_answer_that_gets_lost_is_asked_for_again(open_browser, live_server, meeting):
    person = make_person(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    lost = []

    def lose_the_first(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())  # the server has it, the phone never hears of it
        return route.abort()

    page.route("**/checkin/scans/", lose_the_first)
    page.locator("#code").fill(person.number)
    page.locator("#code").press("Enter")
    expect(page.locator(".verdict.wait")).to_contain_text("Ещё не проверено")

    expect(page.locator("[data-unsent]")).to_be_hidden(timeout=20_000)
    assert Scan.objects.count() == 1


def test_a_reload_keeps_what_is_not_sent(open_browser, live_server, meeting):
    person = make_person(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    page.route("**/checkin/scans/", lambda route: route.abort())
    page.locator("#code").fill(person.number)
    page.locator("#code").press("Enter")
    expect(page.locator("[data-unsent]")).to_be_visible()
    page.unroute("**/checkin/scans/")

    page.reload()

    expect(page.locator("[data-counts]")).to_contain_text("1 / 1", timeout=20_000)
    assert Presence.objects.count() == 1


def test_a_camera_that_is_not_allowed_says_what_to_do(open_browser, live_server, meeting):
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)

    page.get_by_role("button", name="Включить камеру").click()

    expect(page.locator("[data-camera-note]")).to_contain_text("Камера не разрешена")
    expect(page.locator("#code")).to_be_visible()


def test_a_revoked_desk_is_told_so(open_browser, live_server, meeting):
    person = make_person(meeting)
    page = open_browser(camera=False)
    start_shift(page, live_server, meeting)
    meeting.access_links.update(revoked_at=timezone.now())

    page.locator("#code").fill(person.number)
    page.locator("#code").press("Enter")

    expect(page.locator(".verdict.no")).to_contain_text("Стойка закрыта")
    assert not Scan.objects.exists()


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_overflows(
    open_browser, live_server, meeting, language, theme
):
    for n in range(3):
        make_person(meeting, f"Ёлкин-Красноперекопский {n}")
    page = open_browser(camera=False)
    page.emulate_media(color_scheme=theme)
    link = f"{live_server.url}/c/{token_of(make_link(meeting, at=timezone.now()))}/"
    page.goto(f"{link}?lang={language}")
    check(page)
    page.locator("button.primary").click()
    page.wait_for_url("**/scan/")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        for pane in ("scan", "search", "walk-in", "log"):
            page.goto(f"{live_server.url}/scan/#{pane}")
            if pane == "search":
                page.locator("#q").fill("елкин")
                expect(page.locator(".found li")).to_have_count(3)
                check(page, with_axe=width == 390)
                page.locator(".found .instead:visible").first.click()
                expect(page.locator("#instead_family_name")).to_be_visible()
            check(page, with_axe=width == 390)
        page.locator(".door-bottom a").first.click()
        page.locator("#code").fill(Registration.objects.order_by("pk").first().number)
        page.locator("#code").press("Enter")
        expect(page.locator(".verdict:is(.yes, .wait)")).to_be_visible()
        check(page, with_axe=width == 390)


def check(page: Page, *, with_axe: bool = True) -> None:
    if with_axe:
        assert axe.faults(page) == [], page.url
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px too wide"
