"""Every page there is, in every state worth looking at. ./look, axe and the docs share it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openpyxl

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

World = dict[str, str]
Act = Callable[["Tab", World], None]


@dataclass(frozen=True)
class View:
    """One thing to look at: an address with names of the world in it, and perhaps an act."""

    name: str
    path: str
    # "": a stranger, "organizer": signed in, "administrator": in the admin, "desk": a phone
    # at the door.
    who: str = ""
    act: Act | None = None
    # What the server may answer with; all else is a broken page.
    status: int = 200

    def address(self, world: World) -> str:
        return self.path.format(**world)


def _register_nobody(tab: Tab, world: World) -> None:
    tab.locator("[name=region]").evaluate("select => select.value = ''")
    box = tab.get_by_role("combobox")
    if box.count():
        box.fill("Калуга" if tab.locator("html").get_attribute("lang") == "ru" else "Kaluga")
    tab.get_by_role("textbox").nth(3).fill("a.krasno@")
    _submit(tab, world)


def _register_other(tab: Tab, world: World) -> None:
    tab.locator("[name=who][value=other]").check()


def _look_for_region(tab: Tab, world: World) -> None:
    tab.get_by_role("combobox").press_sequentially("мос")


def _mistype_address(tab: Tab, world: World) -> None:
    tab.locator("[name=email]").fill("a.krasno@exmaple.org")
    tab.locator("[name=email]").blur()


def _open_details(tab: Tab, world: World) -> None:
    tab.locator("main details summary").first.click()


def _submit(tab: Tab, world: World) -> None:
    with tab.expect_navigation():
        tab.locator("main form button.primary").first.click()


def _submit_last(tab: Tab, world: World) -> None:
    with tab.expect_navigation():
        tab.locator("main form button.primary").last.click()


def _say_a_mail(tab: Tab, world: World) -> None:
    tab.locator("[name=shown]").select_option("ru")
    tab.locator("[name=paragraphs_ru]").fill("**Спасибо за заявку!**\n\n{name}, мы ответим.")
    tab.frame_locator("iframe").get_by_text("мы ответим").wait_for()


def _paste_people(tab: Tab, world: World) -> None:
    tab.locator("#rows").fill(
        "ФИО\tОрганизация\tДолжность\tE-mail\n"
        "Красноперекопская-Заболотная Анастасия-Мария Владиславовна\tАО «Управляющая компания"
        " особой экономической зоны промышленно-производственного типа „Северный берег“»"
        "\tДиректор\tanastasia@example.org\n"
        "О’Коннор-Смит Шон\tПарк\t\tshon\n"
        "Сукарно\tПарк\tЭксперт\t\n"
    )
    _submit(tab, world)


def _paste_heads(tab: Tab, world: World) -> None:
    tab.locator("#rows").fill(
        "Тульская область\tСоловьёв Пётр\tsol@example.org\t3\n"
        "Самарская обл.\tЛи Ян\tli@example.org\nСоюз парков\tнет@\n"
    )
    _submit(tab, world)


def _paste_invited(tab: Tab, world: World) -> None:
    tab.locator("#rows").fill(
        "ФИО\tE-mail\tОрганизация\tРегион\tКатегория\n"
        "Соловьёва Анна Петровна\tsol@example.org\tУправляющая компания парка\tКалужская"
        " область\tПресса\nО’Коннор-Смит Шон\tshon\tПарк\tАтлантида\t\n"
    )
    _submit(tab, world)


def _send(name: str, rows: list[list[object]]) -> Act:
    """Choose a workbook with these rows; without rows one that has a password."""

    def act(tab: Tab, world: World) -> None:
        content = io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        if rows:
            book = openpyxl.Workbook()
            for row in rows:
                book.active.append(row)
            book.save(content)
        tab.locator("[name=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content.getvalue()}
        )
        _submit(tab, world)

    return act


_HEADS: list[list[object]] = [
    ["Делегации: кого просим назвать участников"],
    ["№", "Регион или организация", "Руководитель делегации", "E-mail", "Мест", "Срок", "Заметки"],
    [1, "Тульская область", "Соловьёв Пётр", "sol@example.org", 3, "24.01.2027 18:00", "звонили"],
    [2, "Управляющая компания особой экономической зоны", "Красноперекопская-Заболотная "
     "Анастасия-Мария Владиславовна", "anastasia-maria@example.org", 12.0, "24.01.2027", None],
    [3, "Тульская обл.", "Ли Ян", "нет@", "много", "завтра", None],
]  # fmt: skip
_GUESTS: list[list[object]] = [
    ["Фамилия", "Имя", "Отчество", "E-mail", "Организация", "Должность", "Регион"],
    ["Соловьёва", "Анна", "Петровна", "sol@example.org", "Управляющая компания парка",
     "Генеральный директор", "Тульская область"],
    ["О’Коннор-Смит", "Шон", None, "shon@example.org", "Парк", None, "Самарская область"],
]  # fmt: skip


def _scan(whose: str) -> Act:
    """Type the number of somebody of the sample; "" is a number that nobody has."""

    def act(tab: Tab, world: World) -> None:
        tab.locator("#code").fill(world.get(whose, "1234 567"))
        tab.locator("#code").press("Enter")
        tab.locator("#verdict .verdict").wait_for()

    return act


def _look_up(tab: Tab, world: World) -> None:
    tab.locator("#q").fill(world["expected"])
    tab.locator(".found li").first.wait_for()


def _instead(tab: Tab, world: World) -> None:
    _look_up(tab, world)
    tab.locator(".found .instead").first.click()
    tab.locator("#instead_family_name").wait_for()


PARTICIPANTS = [
    View("home", "/"),
    View("meeting", "/m/open/"),
    View("meeting-few-words", "/m/bare/"),
    View("meeting-full", "/m/full/"),
    View("meeting-full-no-list", "/m/full-no-list/"),
    View("meeting-not-yet", "/m/not-yet/"),
    View("meeting-shared", "/m/shared/"),
    View("meeting-closed", "/m/closed/"),
    View("meeting-over", "/m/over/"),
    View("meeting-called-off", "/m/called-off/"),
    View("meeting-hybrid", "/m/hybrid/"),
    View("meeting-draft", "/m/draft/", who="organizer"),
    View("consent", "/m/open/consent/processing/"),
    View("register", "/m/open/register/"),
    View("register-other", "/m/open/register/", act=_register_other),
    View("register-region", "/m/open/register/", act=_look_for_region),
    View("register-typo", "/m/open/register/", act=_mistype_address),
    View("register-errors", "/m/open/register/", act=_register_nobody),
    View("register-waiting", "/m/full/register/"),
    View("register-hybrid", "/m/hybrid/register/"),
    View("register-closed", "/m/closed/register/"),
    View("register-code", "/m/invitations/register/?code=partners"),
    View("register-code-offered", "/m/invitations/register/"),
    View("register-code-early", "/m/early/register/?code=PRESS-2026"),
    View("register-code-asked", "/m/early/register/"),
    View("find", "/m/open/find/"),
    View("find-sent", "/m/open/find/?sent"),
    View("mine-confirmed", "/r/{confirmed}/"),
    View("mine-online", "/r/{online}/"),
    View("mine-pending", "/r/{pending}/"),
    View("mine-waiting", "/r/{waitlisted}/"),
    View("mine-offered", "/r/{offered}/"),
    View("mine-offer", "/r/{offered}/offer/"),
    View("mine-offer-decline", "/r/{offered}/offer/decline/"),
    View("mine-passed-over", "/r/{passed_over}/"),
    View("mine-waiting-region", "/r/{waits_for_region}/"),
    View("mine-declined", "/r/{declined}/"),
    View("mine-cancelled", "/r/{cancelled}/"),
    View("mine-called-off", "/r/{called_off}/"),
    View("mine-frozen", "/r/{frozen}/"),
    View("mine-over", "/r/{over}/"),
    View("mine-change", "/r/{confirmed}/change/"),
    View("mine-cancel", "/r/{confirmed}/cancel/"),
    View("mine-address", "/r/{confirmed}/address/"),
    View("mine-another", "/r/{confirmed}/another/"),
    View("mine-data", "/r/{confirmed}/data/"),
    View("mine-erase", "/r/{confirmed}/erase/"),
    View("mine-feed", "/r/{online}/feed/"),
    View("mine-feed-on", "/r/{subscribed}/feed/"),
    View("mine-feed-renew", "/r/{subscribed}/feed/renew/"),
    View("mine-feed-close", "/r/{subscribed}/feed/close/"),
    View("mine-data-subscribed", "/r/{subscribed}/data/"),
    View("mine-unsubscribe", "/r/{confirmed}/unsubscribe/"),
    View("mine-erased", "/r/{erased}/", status=410),
    View("delegation", "/d/{delegation}/"),
    View("delegation-empty", "/d/{delegation_empty}/"),
    View("delegation-errors", "/d/{delegation}/", act=_submit_last),
    View("delegation-paste", "/d/{delegation}/paste/", act=_paste_people),
    View("delegation-replace", "/d/{delegation}/{member}/replace/"),
    View("delegation-remove", "/d/{delegation}/{member}/remove/"),
    View("delegation-address", "/d/{delegation}/{member}/address/"),
    View("delegation-list", "/d/{delegation}/list/"),
    View("delegation-wishes", "/d/{asked}/"),
    View("mine-wishing", "/r/{wishing}/"),
    View("mine-changed", "/r/{changed}/"),
    View("mine-changed-change", "/r/{changed}/change/"),
    View("invitation", "/i/{invited_open}/"),
    View("invitation-accept", "/i/{invited_bound}/accept/"),
    View("invitation-accept-errors", "/i/{invited_open}/accept/", act=_submit),
    View("invitation-decline", "/i/{invited_open}/decline/"),
    View("invitation-colleague", "/i/{invited_open}/colleague/"),
    View("invitation-colleague-errors", "/i/{invited_open}/colleague/", act=_submit),
    View("invitation-accepted", "/i/{invited_accepted}/"),
    View("invitation-declined", "/i/{invited_declined}/"),
    View("invitation-expired", "/i/{invited_expired}/"),
    View("invitation-withdrawn", "/i/{invited_withdrawn}/"),
    View("link-unknown", "/r/nobody/", status=404),
    View("programme", "/m/sessions/"),
    View("sessions-chosen", "/r/{chooser}/"),
    View("sessions-choose", "/r/{chooser}/sessions/"),
    View("sessions-idle", "/r/{idle}/"),
    *(View(f"failing-{status}", f"/failing/{status}/", status=status)
      for status in (400, 403, 404, 409, 410, 413, 429, 500)),
    View("failing-form", "/failing/form/", status=403),
]  # fmt: skip
EDIT_SECTIONS = (
    "basics", "language", "registration", "agenda", "regions", "categories", "consent",
    "reminders", "team",
)  # fmt: skip
OFFICE = [
    View("sign-in", "/accounts/login/"),
    View("sign-in-errors", "/accounts/login/", act=_submit),
    View("password-reset", "/accounts/password/reset/"),
    View("password-change", "/accounts/password/change/", who="organizer"),
    View("sign-out", "/accounts/logout/", who="organizer"),
    View("meetings", "/manage/", who="organizer"),
    View("new", "/manage/new/", who="organizer"),
    View("new-errors", "/manage/new/", who="organizer", act=_submit),
    View("account", "/manage/account/", who="organizer"),
    View("overview", "/manage/{meeting}/", who="organizer"),
    View("overview-past", "/manage/{past_meeting}/", who="organizer"),
    View("overview-empty", "/manage/bare/", who="organizer"),
    View("overview-draft", "/manage/draft/", who="organizer"),
    *(View(f"edit-{section}", f"/manage/{{meeting}}/edit/{section}/", who="organizer")
      for section in EDIT_SECTIONS),
    View("limits", "/manage/shared/edit/limits/", who="organizer"),
    View("limits-offers", "/manage/offers/edit/limits/", who="organizer"),
    View("participant-offered", "/manage/offers/participants/{offered_number}/", who="organizer"),
    View("participants-offered", "/manage/offers/participants/", who="organizer"),
    View("limits-errors", "/manage/shared/edit/limits/", who="organizer", act=_submit_last),
    View("call-off", "/manage/{meeting}/cancel/", who="organizer"),
    View("participants", "/manage/{meeting}/participants/", who="organizer"),
    View("participants-none", "/manage/{meeting}/participants/?q=zzzz", who="organizer"),
    View("participant-add", "/manage/{meeting}/participants/new/", who="organizer"),
    View("participant", "/manage/open/participants/{number}/", who="organizer"),
    View("participant-edit", "/manage/open/participants/{number}/edit/", who="organizer"),
    View("import", "/manage/open/participants/import/", who="organizer", act=_paste_people),
    View("import-sent", "/manage/imports/participants/import/", who="organizer"),
    *(View(f"import-{state}", f"/manage/imports/participants/import/{{import_{state}}}/",
           who="organizer")
      for state in ("mapping", "running", "checked", "done", "failed")),
    View("participant-replace", "/manage/open/participants/{number}/substitute/", who="organizer"),
    View("staged", "/manage/staged/participants/", who="organizer"),
    View("overview-staged", "/manage/staged/", who="organizer"),
    View("participant-wishing", "/manage/staged/participants/{wishing_number}/", who="organizer"),
    View("participant-changed", "/manage/staged/participants/{changed_number}/", who="organizer"),
    View("participant-merged", "/manage/staged/participants/{merged}/", who="organizer"),
    View("merge", "/manage/staged/participants/{once}/merge/", who="organizer"),
    View("merge-choice", "/manage/staged/participants/{once}/merge/?other={twice}",
         who="organizer"),
    View("merge-look", "/manage/staged/participants/{once}/merge/?other={twice}&look=1",
         who="organizer"),
    View("delegations", "/manage/delegations/delegations/", who="organizer"),
    View("delegations-none", "/manage/bare/delegations/", who="organizer"),
    View("delegations-paste", "/manage/delegations/delegations/paste/", who="organizer",
         act=_paste_heads),
    View("delegations-paste-none", "/manage/delegations/delegations/paste/", who="organizer"),
    View("delegations-file", "/manage/delegations/delegations/paste/", who="organizer",
         act=_send("Делегации.xlsx", _HEADS)),
    View("delegations-file-refused", "/manage/delegations/delegations/paste/", who="organizer",
         act=_send("Делегации.xlsx", [])),
    View("invitations", "/manage/invitations/invitations/", who="organizer"),
    View("invitations-none", "/manage/bare/invitations/", who="organizer"),
    View("invitations-paste", "/manage/invitations/invitations/paste/", who="organizer",
         act=_paste_invited),
    View("invitations-file", "/manage/invitations/invitations/paste/", who="organizer",
         act=_send("Приглашения.xlsx", _GUESTS)),
    View("sessions-office", "/manage/sessions/edit/sessions/", who="organizer"),
    View("sessions-office-none", "/manage/bare/edit/sessions/", who="organizer"),
    View("session-office", "/manage/sessions/sessions/{session_uid}/", who="organizer"),
    View("session-remove", "/manage/sessions/sessions/{session_uid}/remove/", who="organizer"),
    View("session-participant", "/manage/sessions/participants/{chooser_number}/sessions/",
         who="organizer"),
    View("session-person", "/manage/sessions/participants/{chooser_number}/", who="organizer"),
    View("codes", "/manage/invitations/access-codes/", who="organizer"),
    View("codes-none", "/manage/bare/access-codes/", who="organizer"),
    View("code-office", "/manage/invitations/access-codes/{code_uid}/", who="organizer"),
    View("webhooks", "/manage/invitations/edit/webhooks/", who="organizer"),
    View("webhook", "/manage/invitations/webhooks/{hook_uid}/", who="organizer"),
    View("participant-bounced", "/manage/invitations/participants/{bounced}/", who="organizer"),
    View("messages-bounced", "/manage/invitations/messages/", who="organizer",
         act=_open_details),
    View("webhook-paused", "/manage/invitations/webhooks/{hook_paused}/", who="organizer"),
    View("invitation-office", "/manage/invitations/invitations/{invitation_uid}/",
         who="organizer"),
    View("delegation-office", "/manage/delegations/delegations/{delegation_uid}/",
         who="organizer"),
    View("substitute", "/manage/listed/participants/{listed}/substitute/", who="organizer"),
    View("lists-open", "/manage/open/lists/", who="organizer"),
    View("lists", "/manage/listed/lists/", who="organizer"),
    View("lists-none", "/manage/draft/lists/", who="organizer"),
    View("lists-close", "/manage/open/lists/close/", who="organizer"),
    View("lists-reopen", "/manage/listed/lists/reopen/", who="organizer"),
    View("list", "/manage/listed/lists/2/", who="organizer"),
    View("list-print", "/manage/listed/lists/2/print/", who="organizer"),
    View("list-changes", "/manage/listed/lists/1/changes/", who="organizer"),
    View("overview-closed", "/manage/listed/", who="organizer"),
    View("organizations", "/manage/{meeting}/organizations/", who="organizer"),
    View("messages", "/manage/{meeting}/messages/", who="organizer"),
    View("overview-delayed", "/manage/open/", who="organizer"),
    View("messages-delayed", "/manage/open/messages/", who="organizer"),
    View("mail-check", "/admin/notifications/message/check/", who="administrator"),
    View("mail-tried", "/admin/notifications/message/check/?trial={tried}",
         who="administrator"),
    View("mail-texts", "/manage/open/messages/texts/", who="organizer"),
    View("mail-text", "/manage/open/messages/texts/confirmed/", who="organizer"),
    View("mail-text-typed", "/manage/open/messages/texts/received/", who="organizer",
         act=_say_a_mail),
    View("announcements", "/manage/open/messages/announcements/", who="organizer"),
    View("announcement-new", "/manage/open/messages/announcements/new/", who="organizer"),
    View("announcement-errors", "/manage/open/messages/announcements/new/", who="organizer",
         act=_submit_last),
    View("announcement-draft", "/manage/open/messages/announcements/{announcement_draft}/",
         who="organizer"),
    View("announcement-sent", "/manage/open/messages/announcements/{announcement_sent}/",
         who="organizer"),
    View("messages-found", "/manage/{past_meeting}/messages/?state=troubled", who="organizer"),
    View("messages-many", "/manage/{past_meeting}/messages/many/?act=resend&state=failed",
         who="organizer"),
    View("messages-stop", "/manage/{past_meeting}/messages/many/?act=suppress&kind=confirmed",
         who="organizer"),
    View("message", "/manage/{past_meeting}/messages/{message}/", who="organizer"),
    View("badges", "/manage/{meeting}/badges/", who="organizer"),
    View("badges-past", "/manage/{past_meeting}/badges/", who="organizer"),
    View("door-settings", "/manage/{meeting}/door/", who="organizer"),
    View("figures", "/manage/{past_meeting}/figures/", who="organizer"),
    View("figures-upcoming", "/manage/{meeting}/figures/", who="organizer"),
]  # fmt: skip
DOOR = [
    View("desk", "/c/{desk}/"),
    View("scan-without-desk", "/scan/", status=403),
    View("scan", "/scan/", who="desk"),
    View("scan-search", "/scan/#search", who="desk"),
    View("scan-found", "/scan/#search", who="desk", act=_look_up),
    View("scan-instead", "/scan/#search", who="desk", act=_instead),
    View("scan-walk-in", "/scan/#walk-in", who="desk"),
    View("scan-yes", "/scan/", who="desk", act=_scan("present")),
    View("scan-again", "/scan/", who="desk", act=_scan("present")),
    View("scan-no", "/scan/", who="desk", act=_scan("absent")),
    View("scan-unknown", "/scan/", who="desk", act=_scan("")),
    View("press", "/n/{press}/"),
]
ALL = PARTICIPANTS + OFFICE + DOOR
