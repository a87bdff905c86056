import email.policy
import uuid
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications import mime
from notifications.enclosures import Enclosure
from notifications.rendering import Rendered

MESSAGE_ID = uuid.UUID("0192a2b4-0000-4000-8000-000000000001")
WORDS = Rendered(subject="Вы зарегистрированы", text="Текст\n", html="<p>Текст</p>")
CALENDAR = Enclosure(
    filename="meeting.ics",
    content_type="text/calendar",
    params={"method": "REQUEST"},
    content="BEGIN:VCALENDAR\r\nSUMMARY:Встреча\r\nEND:VCALENDAR\r\n".encode(),
)
TICKET = Enclosure(
    filename="ticket.png", content_type="image/png", content=b"\x89PNG\r\n.", inline_id="ticket"
)


def built(rendered=WORDS, **overrides):
    envelope = {
        "message_id": MESSAGE_ID,
        "domain": "example.org",
        "sender": "meetings@example.org",
        "sender_name": "Ассоциация",
        "recipient": "anna@example.org",
        "recipient_name": "Анна",
        "reply_to": "",
        "language": "ru",
        "thread": "",
        "unsubscribe_url": "",
        "date": datetime(2027, 1, 20, 12, tzinfo=UTC),
    }
    return mime.build(mime.Envelope(**envelope | overrides), rendered)


def read(raw):
    return message_from_bytes(raw, policy=email.policy.SMTP)


def shape(part):
    if part.is_multipart():
        return {part.get_content_type(): [shape(p) for p in part.iter_parts()]}
    return part.get_content_type()


def test_words_pictures_and_calendar_stand_where_mail_programs_look():
    rendered = Rendered(
        subject="s", text="t", html='<img src="cid:ticket">', enclosures=(TICKET, CALENDAR)
    )

    message = read(built(rendered))

    assert shape(message) == {
        "multipart/mixed": [
            {
                "multipart/alternative": [
                    "text/plain",
                    {"multipart/related": ["text/html", "image/png"]},
                    "text/calendar",
                ]
            },
            "application/ics",
        ]
    }
    plain, related, calendar = next(message.iter_parts()).iter_parts()
    assert calendar["Content-Type"].params == {"charset": "UTF-8", "method": "REQUEST"}
    assert calendar.get_payload(decode=True) == CALENDAR.content
    picture = list(related.iter_parts())[1]
    assert picture["Content-ID"] == "<ticket>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_payload(decode=True) == TICKET.content
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "meeting.ics"
    assert attachment.get_content_disposition() == "attachment"
    assert attachment.get_payload(decode=True) == CALENDAR.content
    assert plain.get_content() == "t"


def test_a_plain_letter_is_just_two_alternatives():
    message = read(built())

    assert shape(message) == {"multipart/alternative": ["text/plain", "text/html"]}
    assert message.get_body(("plain",)).get_content() == "Текст\n"
    assert message.get_body(("html",)).get_content() == "<p>Текст</p>"


def test_headers_of_an_automatic_letter():
    message = read(
        built(
            reply_to="org@example.org",
            thread="0192a2b4",
            unsubscribe_url="https://example.org/r/token/unsubscribe/",
        )
    )

    assert {name.lower(): str(value) for name, value in message.items()} == {
        "from": "Ассоциация <meetings@example.org>",
        "to": "Анна <anna@example.org>",
        "subject": "Вы зарегистрированы",
        "date": "Wed, 20 Jan 2027 12:00:00 +0000",
        "message-id": f"<{MESSAGE_ID}@example.org>",
        "content-language": "ru",
        "auto-submitted": "auto-generated",
        "x-auto-response-suppress": "All",
        "mime-version": "1.0",
        "reply-to": "org@example.org",
        "in-reply-to": mime.thread_id("0192a2b4", "example.org"),
        "references": mime.thread_id("0192a2b4", "example.org"),
        "list-unsubscribe": "<https://example.org/r/token/unsubscribe/>",
        "list-unsubscribe-post": "List-Unsubscribe=One-Click",
        "content-type": message["content-type"],
    }


@pytest.mark.parametrize(
    "name",
    [
        "Anna",
        "O'Brien, Anna",
        'Анна "Ася" Д’Артаньян',
        'Anna "Asya"',
        "back\\slash",
        "Dr. Müller (demo)",
        "=?utf-8?q?forged?=",
        "А" * 300,
        "A" * 200 + " b",
        "Ёж 🦔 ежович",
    ],
)
def test_names_arrive_as_they_were_written(name):
    # The older interface: the newer one puts spaces between encoded words in Python 3.11.
    message = message_from_bytes(built(sender_name=name, recipient_name=name))

    for header, address in [("From", "meetings@example.org"), ("To", "anna@example.org")]:
        phrase, addr_spec = parseaddr(message[header])
        assert str(make_header(decode_header(phrase))) == name
        assert addr_spec == address


nasty = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from('\r\n\x00\u2028\u0085\x0b\x0c"\\<>@,;:=?().\t '),
    ),
    max_size=200,
)


@given(subject=nasty, name=nasty, thread=nasty, url=nasty, language=nasty)
@example(
    subject="a\r\nBcc: everybody@example.org",
    name="b\nTo: c@example.org",
    thread="\r\n",
    url="https://example.org/>\r\nX: y",
    language="ru\r\n\r\nbody",
)
def test_nothing_in_a_value_becomes_a_header(subject, name, thread, url, language):
    rendered = Rendered(subject=subject, text="t", html="h")

    raw = built(
        rendered,
        sender_name=name,
        recipient_name=name,
        thread=thread,
        unsubscribe_url=url,
        language=language,
    )

    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").split(b"\r\n")
    names = [line.partition(b":")[0] for line in lines]
    allowed = [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Content-Language",
        b"Auto-Submitted", b"X-Auto-Response-Suppress", b"MIME-Version", b"In-Reply-To",
        b"References", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Content-Type",
    ]  # fmt: skip
    assert [n for n in names if n not in allowed] == []
    assert len(names) == len(set(names))
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert raw.isascii()


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])))
def test_subjects_arrive_as_they_were_written_in_short_lines(text):
    subject = " ".join(text.split())

    raw = built(Rendered(subject=subject, text="t", html="h"))

    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert str(read(raw)["Subject"]) == subject


def test_no_line_begins_with_a_dot():
    rendered = Rendered(subject="s", text=".\n..\n.", html=".", enclosures=(TICKET, CALENDAR))

    assert b"\r\n." not in built(rendered)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "a b@example.org",
        "a\r\n@example.org",
        "<a@example.org>",
        "a@b@example.org",
        "ж@example.org",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(mime.UnusableAddress):
        mime.address(address)


def test_a_domain_in_other_letters_travels_in_punycode():
    assert mime.address("anna@пример.рф") == "anna@xn--e1afmkfd.xn--p1ai"


def test_file_names_in_other_letters_arrive():
    file = Enclosure(filename="список.pdf", content_type="application/pdf", content=b"%PDF")

    message = read(built(Rendered(subject="s", text="t", html="h", enclosures=(file,))))

    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "список.pdf"
