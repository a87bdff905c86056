"""
Of two registrations that were merged both tickets mean the one that was kept.

The functions of 0002 with four differences: whom a scan means is looked up through
`merged_into`, and once more when the lock is there, since a merge may have gone first; presence
is folded from the scans of all who are one person now; and what is answered names that one.
"""

from importlib import import_module

from django.db import migrations

before = import_module("attendance.migrations.0002_scan_functions")

FOLD = """
CREATE OR REPLACE FUNCTION attendance_root(registration bigint) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(merged_into_id, id) FROM registrations_registration WHERE id = registration
$$;

CREATE OR REPLACE FUNCTION attendance_fold(in_checkpoint bigint, in_registration bigint)
RETURNS void LANGUAGE plpgsql {steady} AS $$
DECLARE
    root bigint := attendance_root(in_registration);
    people bigint[];
BEGIN
    SELECT array_agg(id) INTO people FROM registrations_registration
    WHERE id = root OR merged_into_id = root;
    DELETE FROM attendance_presence
    WHERE checkpoint_id = in_checkpoint AND registration_id = ANY(people);
    INSERT INTO attendance_presence (checkpoint_id, registration_id, scan_id, first_at, desk)
    SELECT s.checkpoint_id, root, s.id, s.scanned_at, s.desk
    FROM attendance_scan s
    WHERE s.checkpoint_id = in_checkpoint AND s.registration_id = ANY(people)
      AND s.kind = 'entry' AND s.outcome IN ('accepted', 'already_in')
      AND NOT EXISTS (SELECT FROM attendance_scan v WHERE v.voids_id = s.id AND v.kind = 'void')
    ORDER BY s.scanned_at, s.id
    LIMIT 1;
END
$$;
"""

FOUND = """
        SELECT id FROM registrations_registration WHERE ticket_code = i.code
        UNION ALL
        SELECT id FROM registrations_registration
        WHERE meeting_id = door_meeting AND number = i.number AND erased_at IS NULL
        UNION ALL
        SELECT id FROM registrations_registration
        WHERE uid = i.person"""

LOCKED = """
    PERFORM pg_advisory_xact_lock(k.key)
    FROM (
        SELECT DISTINCT attendance_lock_key(in_checkpoint, f.id) AS key
        FROM unnest(found) f(id) WHERE f.id IS NOT NULL ORDER BY 1
    ) k;
"""

LOCKED_AGAIN = f"""
    LOOP
{LOCKED}
        SELECT array_agg(COALESCE(r.merged_into_id, f.id) ORDER BY f.place) INTO meant
        FROM unnest(found) WITH ORDINALITY f(id, place)
        LEFT JOIN registrations_registration r ON r.id = f.id;
        EXIT WHEN meant IS NOT DISTINCT FROM found;
        found := meant;
    END LOOP;
"""

CHANGES = [
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (FOUND, FOUND.replace("SELECT id FROM", "SELECT COALESCE(merged_into_id, id) AS id FROM")),
    ("    found bigint[];\n", "    found bigint[];\n    meant bigint[];\n"),
    (LOCKED, LOCKED_AGAIN),
    (
        "LEFT JOIN registrations_registration r ON r.id = s.registration_id\n",
        "LEFT JOIN registrations_registration r ON r.id = attendance_root(s.registration_id)\n",
    ),
]

VOID_CHANGES = [
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "    earlier attendance_scan%ROWTYPE;\n",
        "    earlier attendance_scan%ROWTYPE;\n    root bigint;\n",
    ),
    (
        """    PERFORM pg_advisory_xact_lock(
        attendance_lock_key(in_checkpoint, COALESCE(entry.registration_id, 0)));
""",
        """    LOOP
        root := attendance_root(entry.registration_id);
        PERFORM pg_advisory_xact_lock(attendance_lock_key(in_checkpoint, COALESCE(root, 0)));
        EXIT WHEN root IS NOT DISTINCT FROM attendance_root(entry.registration_id);
    END LOOP;
""",
    ),
    ("'new', in_id, entry.registration_id;", "'new', in_id, root;"),
    ("'replayed', s.id, entry.registration_id\n", "'replayed', s.id, root\n"),
]


def changed(function: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        assert function.count(old) == 1, old
        function = function.replace(old, new)
    return function


AFTER = FOLD + changed(before.RECORD, CHANGES) + changed(before.VOID, VOID_CHANGES)
BEFORE = (before.FOLD + before.RECORD + before.VOID).replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
) + "DROP FUNCTION attendance_root(bigint);"


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0004_device_link_generation"),
        ("registrations", "0011_merged_persons"),
    ]

    operations = [
        migrations.RunSQL(
            sql=AFTER.replace("{steady}", before.STEADY),
            reverse_sql=BEFORE.replace("{steady}", before.STEADY),
        )
    ]
