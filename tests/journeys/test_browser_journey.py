"""
A whole meeting in real browsers, with the real worker and real mail: called, registered for,
moved, badges printed, scanned at the door with the very QR that the mail carried, counted.
"""

import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pypdfium2
import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from registrations import form_stamp
from tests.journeys import mailbox as mails
from tests.journeys.browsers import DESK, film_of, people

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def a_zone_where_it_is_day() -> str:
    """Reminders come in the daytime only: a zone that the list of regions has, past ten."""
    zones = [
        "Europe/Moscow", "Asia/Vladivostok", "Asia/Omsk", "Europe/London", "America/New_York",
        "America/Los_Angeles", "Pacific/Auckland", "Asia/Tokyo",
    ]  # fmt: skip
    return next(zone for zone in zones if 9 <= datetime.now(ZoneInfo(zone)).hour < 17)


class Journey:
    """What one step finds out and a later one needs."""

    def __init__(self, yavka, mailbox, zone, folder):
        self.yavka, self.mailbox, self.zone, self.folder = yavka, mailbox, zone, folder
        self.url = yavka.known["url"].rstrip("/")


@pytest.fixture(scope="module")
def trip(yavka, mailbox, tmp_path_factory):
    return Journey(yavka, mailbox, a_zone_where_it_is_day(), tmp_path_factory.mktemp("journey"))


@pytest.fixture(scope="module")
def crowd(trip, driver):
    with people(driver, trip.zone) as everybody:
        yield everybody
    assert everybody.strangers == []
    assert everybody.faults == []


@pytest.fixture(scope="module")
def organizer(trip, crowd):
    page = crowd.somebody(at=DESK, locale="en-US", permissions=["clipboard-write"])
    page.goto(f"{trip.url}/accounts/login/?lang=en")
    page.fill("input[name=login]", trip.yavka.known["organizer"]["email"])
    page.fill("input[name=password]", trip.yavka.known["organizer"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/manage/**")
    return page


def test_1_the_organizer_calls_a_meeting(trip, organizer):
    starts = datetime.now(ZoneInfo(trip.zone)) + timedelta(days=10)
    organizer.goto(f"{trip.url}/manage/new/?lang=ru")
    organizer.fill("[name=title]", "Совещание «О’Коннор & Ко»")
    organizer.fill("[name=short_title]", "Совещание Ко")
    organizer.fill("[name=day]", f"{starts:%Y-%m-%d}")
    organizer.fill("[name=from_time]", "10:00")
    organizer.fill("[name=until_time]", "13:00")
    organizer.select_option("[name=time_zone]", trip.zone)
    organizer.fill("[name=place]", "Башня «Образец», зал 2")
    organizer.fill("[name=hosts]", "Ассоциация парков (демо) | Association of Parks (demo)")
    organizer.fill("[name=seat_limit]", "2")
    organizer.locator("main form button.primary").click()
    organizer.wait_for_url(re.compile(r"/manage/(?!new)[a-z0-9-]+/"))
    trip.slug = re.search(r"/manage/([a-z0-9-]+)/", organizer.url)[1]
    organizer.goto(f"{trip.url}/manage/{trip.slug}/?lang=en")
    organizer.get_by_role("button", name="Publish").click()

    organizer.goto(f"{trip.url}/m/{trip.slug}/?lang=en")

    expect(organizer.get_by_role("heading", level=1)).to_contain_text("О’Коннор & Ко")
    assert "Yavka" not in organizer.locator("body").inner_text()


def fill_form(page, trip, *, family, given, email, language="ru", script=True):
    page.goto(f"{trip.url}/m/{trip.slug}/register/?lang={language}")
    page.fill("[name=family_name]", family)
    page.fill("[name=given_name]", given)
    page.fill("[name=email]", email)
    page.fill("[name=organization]", "АО «Северный берег»")
    page.fill("[name=position]", "Директор")
    if script:
        # Three letters of the region, in the wrong case, are enough.
        page.get_by_role("combobox").fill("калуж")
        page.get_by_role("option").first.click()
    else:
        page.select_option("select[name=region]", label=re.compile("Калужская|Kaluga"))
    page.locator("[name=category]").first.check()
    page.locator("[name^=consent]").check()


def submit(page):
    # Nobody fills a form in within a second; a quick machine does, and is asked to press again.
    page.wait_for_timeout(1_000 * (form_stamp.MIN_SECONDS + 0.1))
    with page.expect_navigation():
        page.locator("main form button.primary").click()
    assert "/r/" in page.url, page.locator("main").inner_text()


def test_2_people_register_on_their_phones(trip, crowd):
    maria = crowd.somebody(locale="ru-RU")
    fill_form(maria, trip, family="Красноперекопская-Заболотная", given="Анастасия-Мария",
              email="maria@example.org")  # fmt: skip
    submit(maria)
    trip.maria = maria.url

    expect(maria.locator("main .state").first).to_have_text("Участие подтверждено")
    expect(maria.locator("main svg[role=img]")).to_be_visible()
    trip.number = re.search(r"\d{4} \d{3}", maria.locator(".number").first.inner_text())[0]

    # Without script, in English, for somebody else.
    sean = crowd.somebody(locale="en-US", script=False)
    sean.goto(f"{trip.url}/m/{trip.slug}/register/?lang=en")
    region = sean.locator("select[name=region] option", has_text="Kaluga").first
    sean.check("[name=who][value=other]")
    sean.fill("[name=submitted_by_name]", "Olga Secretary")
    sean.fill("[name=submitted_by_email]", "olga@example.org")
    sean.fill("[name=family_name]", "O'Connor-Smith")
    sean.fill("[name=given_name]", "Sean")
    sean.fill("[name=email]", "sean@example.org")
    sean.fill("[name=organization]", '=HYPERLINK("x") Park & Sons')
    sean.fill("[name=position]", "Director")
    sean.select_option("select[name=region]", region.get_attribute("value"))
    sean.locator("[name=category]").first.check()
    sean.locator("[name^=consent]").check()
    submit(sean)
    expect(sean.locator("main .state").first).to_contain_text("onfirmed")
    trip.sean = sean.url

    # All seats are taken now: an honest place in line.
    elkin = crowd.somebody(locale="ru-RU")
    fill_form(elkin, trip, family="Ёлкин", given="Пётр", email="elkin@example.org")
    submit(elkin)
    expect(elkin.locator("main .state").first).to_have_text("Лист ожидания")
    trip.elkin = elkin.url


def test_3_the_mail_says_it_first_and_carries_code_and_calendar(trip):
    mail = trip.mailbox.wait_for("maria@example.org", "Вы зарегистрированы")

    assert re.match(r"Вы зарегистрированы: \d+ \w+, 10:00 .+ — Совещание Ко$", mail["Subject"])
    assert trip.maria.rstrip("/") in mails.text(mail)
    assert trip.number in mails.text(mail)
    assert "Yavka" not in mails.text(mail)
    assert "Ассоциация парков (демо)" in mail["From"]
    assert mail["Auto-Submitted"] == "auto-generated"
    calendar = mails.part(mail, "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    [event] = Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")
    assert str(event["DTSTART"].params["TZID"]) == trip.zone
    trip.code = mails.ticket(mail, trip.folder)
    assert re.fullmatch(r"Y[0-9A-Z]{28}", trip.code)

    copy = trip.mailbox.wait_for("olga@example.org", "You are registered")
    assert "You registered O'Connor-Smith Sean" in mails.text(copy)
    trip.mailbox.wait_for("elkin@example.org", "Лист ожидания: Совещание Ко")


def test_4_a_seat_that_gets_free_goes_to_the_first_in_line_once(trip, crowd):
    sean = crowd.somebody(locale="en-US", script=False)
    sean.goto(f"{trip.sean}cancel/?lang=en")
    sean.locator("main form button").first.click()
    expect(sean.locator("main .state").first).to_contain_text("ancelled")

    trip.mailbox.wait_for("elkin@example.org", "Участие подтверждено")
    elkin = crowd.somebody(locale="ru-RU")
    elkin.goto(trip.elkin)
    expect(elkin.locator("main .state").first).to_have_text("Участие подтверждено")
    told = [
        m for m in trip.mailbox.all("elkin@example.org") if "Участие подтверждено" in m["subject"]
    ]
    assert len(told) == 1
    cancelled = trip.mailbox.wait_for("sean@example.org", "Participation cancelled")
    assert mails.part(cancelled, "text/calendar").get_param("method") == "CANCEL"


def test_5_time_moves_everybody_is_told_and_a_reminder_comes_due(trip, organizer):
    """The meeting's data is moved so that its reminder falls due; no clock is."""
    organizer.goto(f"{trip.url}/manage/{trip.slug}/edit/reminders/?lang=en")
    add_reminder(organizer, hours=3)
    # The reminder is due three hours before the start: within this minute or the next.
    starts = datetime.now(ZoneInfo(trip.zone)).replace(second=0) + timedelta(hours=3, minutes=1)
    organizer.goto(f"{trip.url}/manage/{trip.slug}/edit/basics/?lang=en")
    organizer.fill("[name=starts_at]", f"{starts:%Y-%m-%dT%H:%M}")
    organizer.fill("[name=ends_at]", f"{starts + timedelta(hours=3):%Y-%m-%dT%H:%M}")
    organizer.get_by_role("button", name="Save").click()
    confirm = organizer.get_by_role("button", name=re.compile("tell|Tell|send|Send"))
    if confirm.count():
        confirm.first.click()

    changed = trip.mailbox.wait_for("maria@example.org", "Изменено время: Совещание Ко")
    [event] = Calendar.from_ical(
        mails.part(changed, "text/calendar").get_payload(decode=True)
    ).walk("VEVENT")
    assert event["SEQUENCE"] >= 1
    assert f"{starts:%H:%M}" in mails.text(changed)
    reminder = trip.mailbox.wait_for("maria@example.org", "— как пройти, QR-код", within=200)
    assert f"{starts:%H:%M}" in reminder["Subject"]
    assert "List-Unsubscribe" in reminder
    assert mails.ticket(reminder, trip.folder) == trip.code


def add_reminder(page, *, hours):
    form = page.locator("main form", has=page.locator("[name$=kind]")).last
    form.locator("[name$=kind]").last.select_option("hours_before")
    form.locator("[name$=amount]").last.fill(str(hours))
    form.get_by_role("button").last.click()


def test_6_the_organizer_finds_people_and_takes_the_list_along(trip, organizer):
    people_page = f"{trip.url}/manage/{trip.slug}/participants/"
    for typed in ("елкин", "`krby", "elkin"):  # ё as е, the wrong keyboard, Latin
        organizer.goto(f"{people_page}?q={typed}&lang=en")
        expect(organizer.locator("main table tbody tr")).to_have_count(1)
        expect(organizer.locator("main table tbody")).to_contain_text("Ёлкин")

    organizer.goto(people_page)
    with organizer.expect_download() as download:
        organizer.get_by_role("button", name=re.compile("XLSX")).click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert any("HYPERLINK" in str(cell.value) for cell in cells)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    with organizer.expect_download() as download:
        organizer.get_by_role("button", name=re.compile("CSV")).click()
    csv = download.value.path().read_text(encoding="utf-8-sig")
    assert "Ёлкин" in csv
    assert not re.search(r'(^|[;,"])=HYPERLINK', csv, re.MULTILINE)


def test_7_badges_and_sheets_come_out_of_the_worker(trip, organizer):
    organizer.goto(f"{trip.url}/manage/{trip.slug}/badges/?lang=en")
    organizer.get_by_role("button", name=re.compile("Make .*badges", re.IGNORECASE)).click()
    link = organizer.get_by_role("link", name=re.compile("Download", re.IGNORECASE)).first
    expect(link).to_be_visible(timeout=40_000)
    with organizer.expect_download() as download:
        link.click()
    pdf = pypdfium2.PdfDocument(io.BytesIO(download.value.path().read_bytes()))
    words = " ".join(page.get_textpage().get_text_range() for page in pdf)
    assert "Заболотная" in words
    assert "Ёлкин" in words


def test_8_the_steward_holds_the_ticket_before_the_camera(trip, driver, organizer):
    organizer.goto(f"{trip.url}/manage/{trip.slug}/door/?lang=en")
    desk = organizer.locator("main form", has=organizer.locator("[name=may_admit]"))
    desk.locator("[name=label]").fill("Desk 1")
    desk.get_by_role("button").click()
    link = organizer.locator("input[value*='/c/']").first.input_value()
    press = organizer.locator("main form", has=organizer.locator("[name=label]")).last
    press.locator("[name=label]").fill("Press")
    press.get_by_role("button").click()
    trip.press = organizer.locator("input[value*='/n/']").first.input_value()

    with people(driver, trip.zone, camera=film_of(trip.code, trip.folder)) as door:
        steward = door.somebody(locale="ru-RU", permissions=["camera"])
        steward.goto(f"{link}?lang=ru")
        steward.locator("main form button").first.click()
        steward.wait_for_url("**/scan/")
        # Nobody stands before the camera for the first six seconds.
        verdict = steward.locator(".verdict.yes")
        expect(verdict).to_contain_text("Красноперекопская", timeout=30_000)
        # The film goes on: the same ticket again is "already in".
        expect(steward.locator(".verdict.wait")).to_contain_text("Уже на месте", timeout=30_000)
        assert door.strangers == []
        assert door.faults == []


def test_9_the_press_officer_states_one_number(trip, crowd):
    press = crowd.somebody(locale="ru-RU")
    press.goto(f"{trip.press}?lang=ru&basis=checked_in")

    expect(press.locator(".sentence").first).to_contain_text("В совещании принял участие 1 человек")
    press.goto(f"{trip.press}?basis=confirmed")
    expect(press.locator(".sentence").first).to_contain_text("2 человека")
    press.goto(f"{trip.press}?basis=checked_in")
    press.locator("main form button").last.click()
    expect(press.locator("main")).to_contain_text("без изменений")
