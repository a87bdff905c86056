"""Who calls a meeting: what stands in the header of everything a participant sees."""

from events.models import Meeting, in_language


def names(meeting: Meeting) -> list[str]:
    """The hosts' names in their order, for the reader's language."""
    return [
        in_language(host.name, host.name_alt, main_language=meeting.language)
        for host in sorted(meeting.hosts.all(), key=lambda host: (host.position, host.pk))
    ]
