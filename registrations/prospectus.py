"""
What a meeting offers to whoever registers: itself, its categories, regions, hosts and the texts
to agree to, its mails in own words, with the seats as they are at this moment.

All but the seats changes rarely and is asked for by everybody. So it is kept, and one statement
asks whether it is still what was read. Nobody has to say that something changed: PostgreSQL
writes a changed row at a new place (`ctid`) and stamps it with the transaction (`xmin`), both of
which no other version of any row ever has together. A change of another process, of a command or
of a hand in psql is seen by the next request.
"""

from __future__ import annotations

import copy
from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Prefetch

from events.models import Meeting, MeetingStatus
from registrations.models import ConsentDocument, SeatLimit

MOST_KEPT = 32  # meetings, with their regions some 100 kB each

_SEATS = [field.attname for field in SeatLimit._meta.concrete_fields]
_LOOK = f"""
SELECT m.id, m.status,
    concat(m.ctid, m.xmin, ' ', l.ctid, l.xmin),
    (SELECT string_agg(concat(c.ctid, c.xmin), ' ') FROM events_category c
     WHERE c.meeting_id = m.id),
    (SELECT string_agg(concat(h.ctid, h.xmin), ' ') FROM events_host h WHERE h.meeting_id = m.id),
    (SELECT string_agg(concat(d.ctid, d.xmin), ' ') FROM registrations_consentdocument d
     WHERE d.meeting_id = m.id AND d.replaced_at IS NULL),
    (SELECT string_agg(concat(t.ctid, t.xmin), ' ') FROM registrations_mailtext t
     WHERE t.meeting_id = m.id),
    (SELECT md5(string_agg(concat(r.ctid, r.xmin), ' ')) FROM events_region r
     WHERE r.region_set_id = l.id),
    {", ".join(f"s.{column}" for column in _SEATS)}
FROM events_meeting m
JOIN events_regionset l ON l.id = m.region_set_id
JOIN registrations_seatlimit s ON s.whole_id = m.id
WHERE m.slug = %s
"""  # noqa: S608 -- made of the model's own columns


def find(slug: str) -> Meeting | None:
    """
    A published or cancelled meeting, None where there is none. Its `seats`, `region_set`,
    `categories.all()`, `hosts.all()` and `consents.current` cost no further statement.

    It is the caller's own, what hangs on it is shared by all: to be looked at only.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [slug])
        row = cursor.fetchone()
    if row is None or row[1] == MeetingStatus.DRAFT:
        return None
    seats = len(row) - len(_SEATS)
    kept = _read(row[0], row[2:seats])
    meeting = copy.copy(kept)
    # What one caller throws out of the copy stays with all others.
    vars(meeting)["_prefetched_objects_cache"] = vars(kept)["_prefetched_objects_cache"].copy()
    meeting.seats = SeatLimit.from_db(DEFAULT_DB_ALIAS, _SEATS, row[seats:])
    return meeting


@lru_cache(maxsize=MOST_KEPT)
def _read(pk: int, _versions: tuple[str | None, ...]) -> Meeting:
    """
    Read after its versions were. Should something change in between, then what is kept is
    newer than its key, and nobody asks for that key again.
    """
    documents = ConsentDocument.objects.current()
    return (
        Meeting.objects.select_related("region_set")
        .prefetch_related(
            "categories",
            "hosts",
            "region_set__regions",
            Prefetch("consent_documents", documents, to_attr="current_documents"),
            Prefetch("mail_texts", to_attr="own_texts"),
        )
        .get(pk=pk)
    )
