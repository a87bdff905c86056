"""Mails in the organizer's own words: what stands in braces, what is kept, who may."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import JournalEntry
from events.models import Meeting
from notifications import rendering
from notifications.models import Message
from registrations import (
    booking,
    links,
    mail_preview,
    own_texts,
    placeholders,
    reminders,
    review,
    rewording,
)
from registrations.delegations import opening
from registrations.invitations import sending
from registrations.models import MailText, ReminderRule, RuleKind, Status
from registrations.placeholders import TextNotAccepted
from registrations.rewording import MailUnknown, StaleVersion, Words
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_user,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = [
    "{", "}", "{{", "{{ name }}", "{% now %}", "{name", "name}", "{event.__class__}", "{a.b[c]}",
    "{0}", "{}", "{name!r:>9999999}", "{settings}", "{NAME}", "{ name }", "{имя}", "{#x#}",
    "{{{name}}}", "{link}}", "${name}}",
]  # fmt: skip


def say(meeting, kind="confirmed", language="ru", versions=None, **words):
    rewording.reword(
        meeting=meeting, kind=kind, words={language: Words(**words)}, versions=versions,
        at=NOON, by=ORGANIZER,
    )  # fmt: skip
    meeting.refresh_from_db()
    vars(meeting).pop("own_texts", None)


def register(meeting, **overrides):
    return booking.register(
        meeting=meeting, application=make_application(meeting, **overrides), consents=[],
        at=NOON, by=LINK,
    ).registration  # fmt: skip


def read(kind="confirmed"):
    return rendering.render(Message.objects.get(kind=kind))


def test_a_mail_says_the_organizers_words_and_keeps_its_facts():
    meeting = make_meeting()
    say(
        meeting,
        subject="{name}: ждём вас на «{short_title}»",
        paragraphs="**Уважаемый коллега!**\nВаш номер {number}.\n\nПодробности: https://e.org/a?b=1.",
    )

    person = register(meeting, family_name="Котов", given_name="Ян", patronymic="")
    mail = read()

    assert mail.subject == "Котов Ян: ждём вас на «Совещание парков»"
    assert (
        f"Уважаемый коллега!\nВаш номер {person.spoken_number}.\n\nПодробности: https://e.org/a?b=1.\n"
        in mail.text
    )
    assert "Вы зарегистрированы." not in mail.text
    assert "Башня «Образец», зал 2" in mail.text
    assert 'href="https://e.org/a?b=1"' in mail.html
    assert ">Уважаемый коллега!</strong><br>" in mail.html
    assert 'src="cid:ticket"' in mail.html


def test_the_other_language_and_the_other_mails_keep_the_standard_words():
    meeting = make_meeting(seat_limit=1)
    say(meeting, subject="Своё", paragraphs="Своё.")

    register(meeting, language="en")
    register(meeting)

    assert read().subject.startswith("You are registered: ")
    assert "Своё" not in read().text
    assert read("waitlisted").subject == "Лист ожидания: Совещание парков"


def test_a_subject_alone_leaves_the_text_as_it_was():
    meeting = make_meeting()
    say(meeting, subject="Своё")
    register(meeting)

    assert read().subject == "Своё"
    assert "Вы зарегистрированы." in read().text


@pytest.mark.parametrize("kind", own_texts.KINDS)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_mail_can_be_said_in_own_words_with_all_its_placeholders(kind, language):
    meeting = make_meeting(offer_hours=24)
    every = " ".join(f"{{{name}}}" for name in own_texts.placeholders_of(kind))

    standard = mail_preview.show(meeting=meeting, kind=kind, language=language, at=NOON)
    own = mail_preview.show(
        meeting=meeting, kind=kind, language=language, at=NOON,
        words=Words(subject="<Тема> {title}", paragraphs=f"<Текст> {every}"),
    )  # fmt: skip

    assert own.subject == f"<Тема> {meeting.title if language == 'ru' else meeting.title_alt}"
    assert "<Текст> " in own.text
    assert "&lt;Текст&gt; " in own.html
    assert "{" not in own.text
    assert "{title}" not in own.html
    assert "Тема" not in standard.subject
    assert "Текст" not in standard.text
    # Greeting and contact stay.
    assert own.text.splitlines()[0] == standard.text.splitlines()[0]
    assert "Ольга, org@example.org" in own.text.rpartition("-- ")[2]
    assert len(own.html) < 100_000


def test_letters_to_heads_to_the_invited_and_reminders_know_own_words():
    meeting = make_meeting(language="ru")
    for kind in ("delegation_opened", "invitation", "reminder"):
        say(meeting, kind=kind, subject="Своё: {name}", paragraphs="До {when}, {link}")
    delegation, invitation = make_delegation(meeting), make_invitation(meeting)
    make_registration(meeting=meeting, family_name="Котов", given_name="Ян", patronymic="")
    ReminderRule.objects.create(meeting=meeting, kind=RuleKind.HOURS_BEFORE, amount=48)

    opening.ask(meeting=meeting, delegations=[delegation], at=NOON, by=ORGANIZER)
    sending.send(meeting=meeting, invitations=[invitation], at=NOON, by=ORGANIZER)
    reminders.send_due(at=meeting.starts_at - timedelta(hours=47))

    assert read("delegation_opened").subject == "Своё: Мария Котова"
    assert read("invitation").subject == "Своё: Петрова Анна"
    assert read("reminder").subject == "Своё: Котов Ян"


def test_what_waits_in_the_outbox_keeps_its_words():
    meeting = make_meeting()
    say(meeting, subject="Раньше")
    register(meeting)
    say(meeting, subject="Позже")

    assert read().subject == "Раньше"


def test_a_value_is_never_looked_at_again():
    meeting = make_meeting(title="{number} **не жирно** {{ person }}", short_title="{link}")
    say(
        meeting,
        subject="{short_title} {name}",
        paragraphs="{title} {name}\n\nhttps://e.org/{number}",
    )
    person = register(
        meeting, family_name="Иванов", given_name="Ян", patronymic="", organization="<b>{title}"
    )
    mail = read()

    assert mail.subject == "{link} Иванов Ян"
    assert "{number} **не жирно** {{ person }} Иванов Ян" in mail.text
    assert "{number} **не жирно** {{ person }} Иванов Ян" in mail.html
    assert f"https://e.org/{person.spoken_number}" in mail.text


def test_a_value_brings_no_markup_no_link_and_no_line_into_a_mail():
    values = {
        "name": "<a href='http://evil.test'>x</a> http://evil.test **b**",
        "title": "a\r\nBcc: victim@example.org",
        "link": "https://example.org/r/1",
    }

    runs = placeholders.fill("{name} **{title}** {link}", values)

    assert runs == [
        [
            (f"{values['name']} ", ""),
            (values["title"], "b"),
            (" ", ""),
            ("https://example.org/r/1", "a"),
        ]
    ]
    assert placeholders.fill_line("{title}", values) == "a Bcc: victim@example.org"


def test_each_placeholder_is_asked_for_once():
    class Counting(dict):
        asked = 0

        def get(self, *args):
            self.asked += 1
            return super().get(*args)

    values = Counting(name="{name}{name}")

    assert placeholders.fill_line("{name}", values) == "{name}{name}"
    assert values.asked == 1


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("field", ["subject", "paragraphs"])
def test_what_is_no_placeholder_is_refused_in_a_sentence_that_names_it(typed, field):
    meeting = make_meeting()

    with pytest.raises(TextNotAccepted) as refusal:
        say(meeting, **{field: f"Да {typed} нет"})

    inside = typed.strip("{}$ ").split("}")[0] or typed[0]
    assert refusal.value.facts["placeholder"] in typed
    assert inside[:3] in str(refusal.value) or refusal.value.facts["placeholder"] in "{}"
    assert MailText.objects.count() == 0


@given(
    st.lists(
        st.sampled_from(["{", "}", "{{", "{%", "name", "{name}", ".__class__", "[0]", "!r", ":>9",
                         "\r\n", "\x00", "\u2028", "**", "http://e.org", " ", "{settings.KEY}"]),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_whatever_is_typed_is_refused_or_filled_in_without_a_trace_of_the_program(typed):
    values = {"name": "Ян"}
    try:
        placeholders.check(typed, ("name",))
    except TextNotAccepted:
        return

    line = placeholders.fill_line(typed, values)
    words = "".join(run for paragraph in placeholders.fill(typed, values) for run, _ in paragraph)

    assert "{" not in line + words
    assert len(line.splitlines()) <= 1
    assert "class '" not in line + words


def test_a_placeholder_of_another_mail_is_refused():
    with pytest.raises(TextNotAccepted):
        say(make_meeting(), kind="confirmed", subject="{position}")
    say(make_meeting(), kind="waitlisted", subject="{position}")


def test_links_end_where_a_sentence_does():
    fill = placeholders.fill("См. https://e.org/a_(b), (http://e.org/x). javascript:alert(1)", {})

    assert [run for run in fill[0] if run[1]] == [
        ("https://e.org/a_(b", "a"),
        ("http://e.org/x", "a"),
    ]


def test_two_asterisks_that_nothing_closes_are_two_asterisks():
    assert placeholders.fill("a **b** c ** d", {}) == [[("a ", ""), ("b", "b"), (" c ** d", "")]]


def test_a_subject_is_one_line_whatever_was_typed():
    meeting = make_meeting()
    say(meeting, subject="Тема\r\nBcc: v@example.org\u2028x\x85y\x00")

    assert MailText.objects.get().subject == "Тема Bcc: v@example.org x y"


def test_the_database_knows_no_subject_of_two_lines_and_no_empty_words():
    meeting = make_meeting()
    fields = {"meeting": meeting, "kind": "confirmed", "language": "ru", "changed_at": NOON}
    for wrong in ({"subject": "a\nb"}, {"subject": "a\u2028b"}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MailText.objects.create(**fields | wrong)
    MailText.objects.create(**fields, subject="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        MailText.objects.create(**fields, subject="b")


def test_the_meeting_is_marked_exactly_while_it_has_own_words():
    meeting = make_meeting()
    assert not meeting.has_own_texts
    say(meeting, subject="Своё")
    assert meeting.has_own_texts
    say(meeting, language="en", subject="Own")
    say(meeting)
    assert meeting.has_own_texts
    say(meeting, language="en")
    assert not meeting.has_own_texts
    assert MailText.objects.count() == 0


def test_who_is_second_is_told_and_the_same_words_again_change_nothing():
    meeting = make_meeting()
    say(meeting, subject="Раз", versions={"ru": 0})
    say(meeting, subject="Два", versions={"ru": 1})
    with pytest.raises(StaleVersion) as refusal:
        say(meeting, subject="Три", versions={"ru": 1})
    assert refusal.value.facts["version"] == 2

    say(meeting, subject="Два", versions={"ru": 2})

    assert MailText.objects.get().version == 2
    entries = JournalEntry.objects.filter(action="mail_text.changed")
    assert [entry.changes for entry in entries] == [{"kind": "confirmed", "languages": ["ru"]}] * 2


def test_of_two_who_save_at_once_one_is_told_that_the_other_was_quicker():
    for _round in range(3):
        meeting = make_meeting()

        results = at_once(
            *(
                lambda n=n, meeting=meeting: rewording.reword(
                    meeting=meeting, kind="confirmed", words={"ru": Words(subject=f"{n}")},
                    versions={"ru": 0}, at=NOON, by=ORGANIZER,
                )
                for n in range(4)
            )
        )  # fmt: skip

        assert sorted(type(result).__name__ for result in results) == [
            "NoneType", "StaleVersion", "StaleVersion", "StaleVersion",
        ]  # fmt: skip
        assert MailText.objects.get(meeting=meeting).version == 1


def test_a_mail_that_nobody_may_change_is_refused():
    for kind in ("links", "trial", "nothing"):
        with pytest.raises(MailUnknown):
            say(make_meeting(), kind=kind, subject="x")


def test_own_words_cost_one_statement_and_standard_ones_none():
    plain, own = make_meeting(), make_meeting()
    say(own, kind="received", subject="Своё")

    def statements(meeting):
        person = make_registration(meeting=meeting, status=Status.PENDING)
        with CaptureQueriesContext(connection) as captured:
            review.decline(registration=person, at=NOON, by=ORGANIZER)
        return captured.captured_queries

    without, with_own = statements(plain), statements(own)

    assert not [q for q in without if "mailtext" in q["sql"]]
    assert len([q for q in with_own if "mailtext" in q["sql"]]) == 1
    assert len(with_own) == len(without) + 1


# --- previews -----------------------------------------------------------------------------


def test_a_preview_writes_nothing_and_gives_away_no_key():
    meeting = make_meeting()
    person = make_registration(meeting=meeting, family_name="Котов", given_name="Ян")

    mail = mail_preview.show(
        meeting=meeting, kind="confirmed", language="ru", at=NOON, registration=person
    )

    assert "Ян" in mail.text
    assert person.spoken_number in mail.text
    assert links.token(person) not in mail.text + mail.html
    assert person.ticket_code not in mail.text + mail.html
    assert 'src="data:image/png;base64,' in mail.html
    assert Message.objects.count() == 0
    person.refresh_from_db()
    assert person.version == 1


def test_a_trial_goes_to_whoever_asks_and_names_nobody():
    meeting, organizer = make_meeting(), make_user()
    make_registration(meeting=meeting, family_name="Котов")

    mail_preview.send_trial(
        meeting=meeting, kind="confirmed", language="ru", to=organizer, at=NOON,
        words=Words(subject="Проба {name}"),
    )  # fmt: skip

    message = Message.objects.get()
    assert (message.kind, message.recipient) == ("trial", organizer.email)
    assert message.enclosures == ["ticket"]
    assert "Котов" not in json.dumps(message.snapshot, ensure_ascii=False)
    assert rendering.render(message).subject.startswith("Проба ")


# --- pages and API ------------------------------------------------------------------------


@pytest.fixture
def office(client):
    organizer = make_user()
    client.force_login(organizer)
    return client, organizer, make_meeting(owner=organizer)


def test_the_page_saves_shows_and_goes_back_to_the_standard_words(office):
    client, _organizer, meeting = office
    path = f"/manage/{meeting.slug}/messages/texts/confirmed/"
    filled_in = {
        "subject_ru": "Своё {name}", "paragraphs_ru": "Раз.\r\n\r\nДва.", "version_ru": "0",
        "subject_en": "", "paragraphs_en": "", "version_en": "0",
    }  # fmt: skip

    assert client.get(path).status_code == 200
    assert client.post(path, filled_in).status_code == 303
    text = MailText.objects.get()
    assert (text.language, text.subject, text.paragraphs) == ("ru", "Своё {name}", "Раз.\n\nДва.")
    page = client.get(path)
    assert "Своё {name}" in page.text
    assert client.get(f"/manage/{meeting.slug}/messages/texts/").text.count(">свой</span>") == 1

    again = client.post(path, filled_in | {"subject_ru": "Иначе"})
    assert again.status_code == 422
    assert "Иначе" in again.text

    assert client.post(f"{path}standard/").status_code == 303
    assert not MailText.objects.exists()
    assert not Meeting.objects.get().has_own_texts


def test_a_wrong_placeholder_is_said_beside_its_field(office):
    client, _organizer, meeting = office
    page = client.post(
        f"/manage/{meeting.slug}/messages/texts/confirmed/", {"subject_ru": "{nome}"}
    )

    assert page.status_code == 422
    assert "{nome}" in page.context["form"].errors["subject_ru"][0]


def test_the_preview_follows_what_is_typed_and_may_stand_in_a_frame_of_ours_alone(office):
    client, _organizer, meeting = office
    path = f"/manage/{meeting.slug}/messages/texts/confirmed/preview/"

    saved = client.get(path)
    typed = client.post(path, {"shown": "ru", "part": "html", "subject_ru": "<i>Своё</i>"})
    plain = client.post(path, {"shown": "en", "part": "text", "paragraphs_en": "Own <b>words</b>"})
    wrong = client.post(path, {"shown": "ru", "subject_ru": "{x}"})

    assert "Вы зарегистрированы" in saved.text
    assert "&lt;i&gt;Своё&lt;/i&gt;" in typed.text
    assert "Own &lt;b&gt;words&lt;/b&gt;" in plain.text
    assert "{x}" in wrong.text
    for answer in (saved, typed, plain, wrong):
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "script" not in policy
    assert not MailText.objects.exists()


def test_the_trial_of_the_page_goes_to_the_signed_in_organizer(office):
    client, organizer, meeting = office
    answer = client.post(
        f"/manage/{meeting.slug}/messages/texts/confirmed/trial/",
        {"shown": "ru", "subject_ru": "Своё", "to": "victim@example.org"},
    )

    assert organizer.email in answer.text
    assert Message.objects.get().recipient == organizer.email


@pytest.mark.parametrize("end", ["", "confirmed/", "confirmed/preview/"])
def test_a_stranger_finds_nothing(client, end):
    meeting = make_meeting()
    client.force_login(make_user())

    assert client.get(f"/manage/{meeting.slug}/messages/texts/{end}").status_code == 404
    assert client.post(f"/manage/{meeting.slug}/messages/texts/confirmed/trial/").status_code == 404
    api = f"/api/v1/meetings/{meeting.slug}/mail-texts/"
    assert client.get(api).status_code == 404
    assert client.put(f"{api}confirmed/ru/", headers={"If-Match": "*"}).status_code == 404
    assert Message.objects.count() == 0


def test_the_list_costs_the_same_with_one_text_and_with_three(office):
    client, _organizer, meeting = office
    path = f"/manage/{meeting.slug}/messages/texts/"
    say(meeting, subject="Своё")
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    say(meeting, language="en", subject="Own")
    say(meeting, kind="declined", subject="Own")
    with CaptureQueriesContext(connection) as three:
        client.get(path)

    # Session, user, meeting, texts, and two of what is written at all: rules, sessions.
    assert (len(one), len(three)) == (6, 6)


def test_the_api_reads_writes_previews_and_takes_back(office):
    client, organizer, meeting = office
    path = f"/api/v1/meetings/{meeting.slug}/mail-texts/"

    def put(body, etag):
        return client.put(
            f"{path}confirmed/ru/", body, content_type="application/json",
            headers={"If-Match": etag},
        )  # fmt: skip

    first = client.get(f"{path}confirmed/ru/")
    assert (first["ETag"], first.json()["is_own"]) == ('"0"', False)
    made = put({"subject": "Своё {name}"}, first["ETag"])
    assert (made.status_code, made["ETag"]) == (200, '"1"')
    stale = put({"subject": "Иначе"}, '"0"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    wrong = put({"subject": "{nome}"}, '"1"')
    assert (wrong.status_code, wrong.json()["code"]) == (422, "text_not_accepted")
    assert wrong.json()["placeholder"] == "nome"
    listed = client.get(path).json()
    assert len(listed) == 2 * len(own_texts.KINDS)
    assert [one["kind"] for one in listed if one["is_own"]] == ["confirmed"]

    shown = client.post(
        f"{path}confirmed/ru/preview/", {"paragraphs": "Да."}, content_type="application/json"
    ).json()
    assert "Да." in shown["text"]
    assert "<html" in shown["html"]
    assert (
        client.post(f"{path}confirmed/ru/trial/", content_type="application/json").status_code
        == 204
    )
    assert Message.objects.get().recipient == organizer.email

    gone = client.delete(f"{path}confirmed/ru/", headers={"If-Match": '"1"'})
    assert (gone.status_code, MailText.objects.count()) == (204, 0)
    assert client.get(f"{path}links/ru/").status_code == 404
    assert client.get(f"{path}confirmed/de/").status_code == 404
