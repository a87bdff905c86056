"""From a message's snapshot to words: three templates, in the message's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from django.template.backends.django import DjangoTemplates
from django.utils import translation

from notifications.enclosures import Enclosure, make
from notifications.models import Message

STYLE_SHEET = Path(__file__).parent / "templates" / "notifications" / "mail.css"


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a message says. The HTML stands alone: its style is in it, its pictures beside it."""

    subject: str
    text: str
    html: str
    enclosures: tuple[Enclosure, ...] = ()


@cache
def _engine(*, escapes: bool) -> DjangoTemplates:
    # Two engines of our own: plain text must not be escaped, and no context processor,
    # which speaks of a request, has anything to say in a letter.
    return DjangoTemplates(
        {
            "NAME": "mail_html" if escapes else "mail_text",
            "DIRS": [],
            "APP_DIRS": True,
            "OPTIONS": {"autoescape": escapes},
        }
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    # Rules for dark mode cannot be inlined and stay in a style element.
    return css_inline.CSSInliner(
        extra_css=STYLE_SHEET.read_text(encoding="utf-8"),
        keep_at_rules=True,
        load_remote_stylesheets=False,
    )


def render(message: Message) -> Rendered:
    """
    Make the words of a message. Reads nothing but the row; may raise whatever a template raises.

    Templates see the snapshot, and `mail`: `sender_name`, `reply_to`, `language`,
    `unsubscribe_url` of the message.
    """
    context: dict[str, Any] = message.snapshot | {
        "mail": {
            "sender_name": message.sender_name,
            "reply_to": message.reply_to,
            "language": message.language,
            "unsubscribe_url": message.unsubscribe_url,
        }
    }
    with translation.override(message.language):
        text, html = _engine(escapes=False), _engine(escapes=True)
        subject = text.get_template(f"{message.template}.subject.txt").render(context)
        plain = text.get_template(f"{message.template}.txt").render(context)
        rich = html.get_template(f"{message.template}.html").render(context)
        enclosures = tuple(make(name, message.snapshot) for name in message.enclosures)
    return Rendered(
        subject=" ".join(subject.split()),
        text=_without_gaps(plain),
        html=_inliner().inline(rich),
        enclosures=enclosures,
    )


def _without_gaps(text: str) -> str:
    """Template tags on lines of their own leave empty lines; one between paragraphs is enough."""
    lines: list[str] = []
    for raw in text.strip().splitlines():
        # The mark of a signature ends in a space (RFC 3676 4.3).
        line = raw if raw == "-- " else raw.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
