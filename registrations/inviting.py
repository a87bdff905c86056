"""What the organizer pastes into a messenger or a mail to invite people: text and link."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from events import when
from events.models import Host, Meeting, in_language


def link(meeting: Meeting) -> str:
    """The absolute address of the meeting's page."""
    return str(settings.PUBLIC_URL) + reverse("meeting", args=[meeting.slug])


def texts(meeting: Meeting) -> dict[str, str]:
    """A ready invitation by language, in the main language first."""
    main = meeting.language[:2]
    codes = sorted((code for code, _name in settings.LANGUAGES), key=lambda code: code != main)
    hosts = list(meeting.hosts.order_by("position"))
    return {code: _text(meeting, hosts, code) for code in codes}


def _text(meeting: Meeting, hosts: list[Host], language: str) -> str:
    with translation.override(language):
        named = [in_language(h.name, h.name_alt, main_language=meeting.language) for h in hosts]
        closes = meeting.registration_closes_at
        lines = [
            _("You are invited: %(title)s") % {"title": meeting.text("title")},
            "",
            _("When: %(when)s")
            % {"when": when.span(meeting.starts_at, meeting.ends_at, meeting.zone)},
            _("Where: %(where)s") % {"where": _place(meeting)},
            _("Organized by: %(hosts)s") % {"hosts": ", ".join(named)} if named else "",
            "",
            _("Please register, it takes a minute: %(link)s") % {"link": link(meeting)},
            _("Registration is open until %(moment)s.")
            % {"moment": when.moment(closes, meeting.zone)}
            if closes
            else "",
        ]
        return "\n".join(lines).replace("\n\n\n", "\n\n").strip() + "\n"


def _place(meeting: Meeting) -> str:
    place = ", ".join(filter(None, [meeting.text("venue"), meeting.text("address")]))
    return place or _("online")
