"""Texts with a second language: `{{ meeting|text:"title" }}`, `{{ category|named:meeting }}`."""

from django import template
from django.utils.safestring import SafeString

from events import prose
from events.models import AgendaItem, Category, Meeting, Region, Session, in_language
from events.when import language_now

register = template.Library()


@register.filter
def text(meeting: Meeting, field: str) -> str:
    """One of the meeting's texts, for the reader's language."""
    return meeting.text(field)


@register.filter
def language_of(meeting: Meeting, field: str) -> str:
    """The language that text is in: another than the page's where no translation was given."""
    return language_now() if getattr(meeting, f"{field}_alt") else meeting.language


@register.filter
def named(category: Category, meeting: Meeting) -> str:
    """A category's name, for the reader's language."""
    return category.text(main_language=meeting.language)


@register.filter
def item_text(item: AgendaItem, meeting: Meeting) -> str:
    """The title of a line of the programme, for the reader's language."""
    return in_language(item.title, item.title_alt, main_language=meeting.language)


@register.filter
def item_note(item: AgendaItem, meeting: Meeting) -> str:
    """The note under it: who speaks, where."""
    return in_language(item.note, item.note_alt, main_language=meeting.language)


@register.filter
def session_title(session: Session, meeting: Meeting) -> str:
    """What a session is called, for the reader's language."""
    return session.text("title", main_language=meeting.language)


@register.filter
def session_room(session: Session, meeting: Meeting) -> str:
    """Where it is, for the reader's language; "" where no room is said."""
    return session.text("room", main_language=meeting.language)


@register.filter
def region_name(region: Region | None) -> str:
    """A region's name, for the reader's language; "" for none."""
    if region is None:
        return ""
    return in_language(region.name, region.name_alt, main_language=region.region_set.language)


@register.filter
def region_of(region: Region, meeting: Meeting) -> str:
    """A region's name without a query for its list, which is the meeting's."""
    return in_language(region.name, region.name_alt, main_language=meeting.region_set.language)


@register.filter
def marked_up(source: str) -> SafeString:
    """Markdown as harmless HTML."""
    return prose.render(source)
