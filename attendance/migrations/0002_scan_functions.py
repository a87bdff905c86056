"""
The log is written by functions inside PostgreSQL: one round trip a batch, one lock a person.

attendance_record   scans of one desk: recognize, lock, judge, write, fold, answer
attendance_void     take one entry back
attendance_fold     remake the presence of one person from the log

Two desks, one person: each function first takes an advisory lock per (checkpoint,
person), in ascending order so that two batches cannot wait for each other, and only the
statement after it, with its own snapshot, looks who is in. Without the lock both desks
see nobody and both say "welcome" (tests/attendance/test_twin_desks.py shows it).
"""

from django.db import migrations

# A door opens with an empty log, and the plan made then would be kept: a sequential scan,
# slower with each person who comes. By index always; one plan for all calls, since making
# it takes longer than the scan; and no compiling of what takes a millisecond.
STEADY = (
    "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
    " SET plan_cache_mode = force_generic_plan SET jit = off"
)

LOCK = """
CREATE FUNCTION attendance_lock_key(checkpoint bigint, registration bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended('attendance:' || checkpoint || ':' || registration, 0)
$$;
"""

FOLD = """
CREATE FUNCTION attendance_fold(in_checkpoint bigint, in_registration bigint) RETURNS void
LANGUAGE plpgsql {steady} AS $$
BEGIN
    DELETE FROM attendance_presence
    WHERE checkpoint_id = in_checkpoint AND registration_id = in_registration;
    INSERT INTO attendance_presence (checkpoint_id, registration_id, scan_id, first_at, desk)
    SELECT s.checkpoint_id, s.registration_id, s.id, s.scanned_at, s.desk
    FROM attendance_scan s
    WHERE s.checkpoint_id = in_checkpoint AND s.registration_id = in_registration
      AND s.kind = 'entry' AND s.outcome IN ('accepted', 'already_in')
      AND NOT EXISTS (SELECT FROM attendance_scan v WHERE v.voids_id = s.id AND v.kind = 'void')
    ORDER BY s.scanned_at, s.id
    LIMIT 1;
END
$$;
"""

RECORD = """
CREATE FUNCTION attendance_record(
    in_checkpoint bigint, in_desk text, in_device bigint, in_user bigint, in_at timestamptz,
    in_ids uuid[], in_codes text[], in_numbers text[], in_persons uuid[], in_admits boolean[],
    in_methods text[], in_moments timestamptz[], in_hashes bytea[], in_texts text[]
) RETURNS TABLE (
    place bigint, state text, outcome text, scanned_at timestamptz, is_voided boolean,
    person uuid, number text, family_name text, given_name text, patronymic text, sort_key text,
    organization text, region text, region_alt text, category text, category_alt text,
    colour text, first_at timestamptz, first_desk text, other_meeting bigint
)
LANGUAGE plpgsql {steady} AS $$
#variable_conflict use_column
DECLARE
    door_meeting bigint;
    door_closed boolean;
    found bigint[];
    written uuid[];
BEGIN
    SELECT m.id, m.status = 'cancelled' INTO STRICT door_meeting, door_closed
    FROM attendance_checkpoint c JOIN events_meeting m ON m.id = c.meeting_id
    WHERE c.id = in_checkpoint;

    -- Whom does each scan mean? A code is looked up in all meetings, so that the
    -- ticket of another one can be told from a stranger's; a number only here.
    SELECT array_agg(r.id ORDER BY i.place) INTO found
    FROM unnest(in_codes, in_numbers, in_persons) WITH ORDINALITY i(code, number, person, place)
    LEFT JOIN LATERAL (
        SELECT id FROM registrations_registration WHERE ticket_code = i.code
        UNION ALL
        SELECT id FROM registrations_registration
        WHERE meeting_id = door_meeting AND number = i.number AND erased_at IS NULL
        UNION ALL
        SELECT id FROM registrations_registration
        WHERE uid = i.person AND meeting_id = door_meeting AND erased_at IS NULL
        LIMIT 1
    ) r ON true;

    PERFORM pg_advisory_xact_lock(k.key)
    FROM (
        SELECT DISTINCT attendance_lock_key(in_checkpoint, f.id) AS key
        FROM unnest(found) f(id) WHERE f.id IS NOT NULL ORDER BY 1
    ) k;

    WITH fresh AS MATERIALIZED (
        SELECT DISTINCT ON (i.id) i.*
        FROM unnest(in_ids, found, in_admits, in_methods, in_moments, in_hashes, in_texts)
            WITH ORDINALITY i(id, registration, admit, method, moment, hash, text, place)
        WHERE NOT EXISTS (SELECT FROM attendance_scan s WHERE s.id = i.id)
        ORDER BY i.id, i.place
    ), judged AS (
        SELECT f.*, r.id AS known,
            CASE
                WHEN r.id IS NULL THEN 'unknown'
                WHEN r.meeting_id <> door_meeting THEN 'wrong_meeting'
                WHEN door_closed THEN 'meeting_cancelled'
                WHEN r.status = 'pending' THEN 'pending_approval'
                WHEN r.status <> 'confirmed' THEN r.status
                WHEN p.id IS NOT NULL AND NOT f.admit THEN 'already_in'
                WHEN p.id IS NOT NULL THEN 'accepted'
                WHEN r.attendance_mode = 'online' THEN 'online'
                ELSE 'accepted'
            END AS verdict
        -- "+ 0": by the person's index, never by the checkpoint's, which has everybody.
        FROM fresh f
        LEFT JOIN registrations_registration r ON r.id = f.registration
        LEFT JOIN attendance_presence p
            ON p.registration_id = r.id AND p.checkpoint_id + 0 = in_checkpoint
    ), ranked AS (
        SELECT j.*, row_number() OVER (
            PARTITION BY j.known, j.verdict ORDER BY j.moment, j.place) AS turn
        FROM judged j
    ), added AS (
        INSERT INTO attendance_scan (
            id, checkpoint_id, registration_id, kind, outcome, method, desk, device_id,
            by_user_id, code, scanned_at, received_at, content_hash)
        SELECT r.id, in_checkpoint,
            CASE WHEN r.verdict <> 'wrong_meeting' THEN r.known END, 'entry',
            CASE WHEN r.verdict = 'accepted' AND r.turn > 1 AND NOT r.admit THEN 'already_in'
                 ELSE r.verdict END,
            r.method, in_desk, in_device, in_user,
            CASE WHEN r.known IS NULL THEN r.text ELSE '' END,
            r.moment, in_at, r.hash
        FROM ranked r
        -- By id, so that twin requests wait for each other in one order. Whoever comes
        -- second reads the row of the first.
        ORDER BY r.id
        ON CONFLICT (id) DO NOTHING
        RETURNING attendance_scan.*
    ), folded AS (
        INSERT INTO attendance_presence AS there
            (checkpoint_id, registration_id, scan_id, first_at, desk)
        SELECT DISTINCT ON (a.registration_id)
            a.checkpoint_id, a.registration_id, a.id, a.scanned_at, a.desk
        FROM added a
        WHERE a.outcome IN ('accepted', 'already_in')
        ORDER BY a.registration_id, a.scanned_at, a.id
        ON CONFLICT (checkpoint_id, registration_id) DO UPDATE
        SET scan_id = excluded.scan_id, first_at = excluded.first_at, desk = excluded.desk
        WHERE (excluded.first_at, excluded.scan_id) < (there.first_at, there.scan_id)
    )
    SELECT array_agg(a.id) INTO written FROM added a;

    UPDATE attendance_device d SET last_used_at = in_at
    WHERE d.id = in_device
      AND (d.last_used_at IS NULL OR d.last_used_at < in_at - interval '1 minute');

    RETURN QUERY
    SELECT i.place,
        CASE
            WHEN s.content_hash <> i.hash OR s.checkpoint_id <> in_checkpoint THEN 'id_reused'
            WHEN s.id = ANY(written)
                AND i.place = array_position(in_ids, i.id) THEN 'new'
            ELSE 'replayed'
        END,
        s.outcome::text, s.scanned_at,
        EXISTS (SELECT FROM attendance_scan v WHERE v.voids_id = s.id AND v.kind = 'void'),
        r.uid, r.number::text, r.family_name::text, r.given_name::text, r.patronymic::text,
        r.sort_key::text,
        COALESCE(NULLIF(o.short_name, ''), o.name, r.organization)::text,
        g.name::text, g.name_alt::text, c.name::text, c.name_alt::text, c.colour::text,
        p.first_at, p.desk::text,
        CASE WHEN s.outcome = 'wrong_meeting' THEN other.meeting_id END
    FROM unnest(in_ids, found, in_hashes) WITH ORDINALITY i(id, registration, hash, place)
    JOIN attendance_scan s ON s.id = i.id
    LEFT JOIN registrations_registration r ON r.id = s.registration_id
    LEFT JOIN registrations_registration other
        ON s.registration_id IS NULL AND other.id = i.registration
    LEFT JOIN events_region g ON g.id = r.region_id
    LEFT JOIN events_category c ON c.id = r.category_id
    LEFT JOIN events_organizationvariant v
        ON v.meeting_id = r.meeting_id AND v.key = r.organization_key AND v.key <> ''
    LEFT JOIN events_organization o ON o.id = v.organization_id
    LEFT JOIN attendance_presence p
        ON p.registration_id = r.id AND p.checkpoint_id + 0 = in_checkpoint
    ORDER BY i.place;
END
$$;
"""

VOID = """
CREATE FUNCTION attendance_void(
    in_checkpoint bigint, in_desk text, in_device bigint, in_user bigint, in_at timestamptz,
    in_id uuid, in_entry uuid, in_hash bytea
) RETURNS TABLE (state text, void_id uuid, registration bigint)
LANGUAGE plpgsql {steady} AS $$
#variable_conflict use_column
DECLARE
    entry attendance_scan%ROWTYPE;
    earlier attendance_scan%ROWTYPE;
BEGIN
    SELECT * INTO entry FROM attendance_scan s
    WHERE s.id = in_entry AND s.checkpoint_id = in_checkpoint AND s.kind = 'entry';
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::bigint;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(
        attendance_lock_key(in_checkpoint, COALESCE(entry.registration_id, 0)));

    INSERT INTO attendance_scan (
        id, checkpoint_id, registration_id, kind, voids_id, outcome, method, desk, device_id,
        by_user_id, code, scanned_at, received_at, content_hash)
    VALUES (in_id, in_checkpoint, entry.registration_id, 'void', in_entry, 'voided',
        entry.method, in_desk, in_device, in_user, '', in_at, in_at, in_hash)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        IF entry.registration_id IS NOT NULL THEN
            PERFORM attendance_fold(in_checkpoint, entry.registration_id);
        END IF;
        RETURN QUERY SELECT 'new', in_id, entry.registration_id;
        RETURN;
    END IF;

    -- Either this very request came before, or somebody else has undone the entry.
    SELECT * INTO earlier FROM attendance_scan s WHERE s.id = in_id;
    IF FOUND AND (earlier.voids_id IS DISTINCT FROM in_entry) THEN
        RETURN QUERY SELECT 'id_reused', in_id, NULL::bigint;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'replayed', s.id, entry.registration_id
    FROM attendance_scan s WHERE s.voids_id = in_entry AND s.kind = 'void';
END
$$;
"""

UNDO = """
DROP FUNCTION attendance_void(
    bigint, text, bigint, bigint, timestamptz, uuid, uuid, bytea);
DROP FUNCTION attendance_record(
    bigint, text, bigint, bigint, timestamptz, uuid[], text[], text[], uuid[], boolean[],
    text[], timestamptz[], bytea[], text[]);
DROP FUNCTION attendance_fold(bigint, bigint);
DROP FUNCTION attendance_lock_key(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0001_initial"),
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql=(LOCK + FOLD + RECORD + VOID).replace("{steady}", STEADY), reverse_sql=UNDO
        )
    ]
