"""
Who came is told to webhooks: by a trigger on the log, once for a batch of scans.

Told is what lets somebody in, and the undoing of it; not the second look at a badge, and nobody
who was turned away.
"""

from django.db import migrations

TELL = """
CREATE FUNCTION attendance_tell_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM notifications_webhook) THEN
        RETURN NULL;
    END IF;
    PERFORM notifications_tell(
        'meeting:' || s.meeting_id,
        CASE s.kind WHEN 'void' THEN 'checkin.undone' ELSE 'checkin.made' END,
        'registration:' || s.registration_id,
        s.scanned_at,
        jsonb_build_object(
            'meeting', s.slug,
            'registration', jsonb_build_object(
                'number', s.number, 'status', s.status, 'version', s.version),
            'checkin', jsonb_build_object(
                'id', coalesce(s.voids_id, s.id), 'desk', s.desk, 'is_present', s.is_present))
    ) FROM (
        SELECT f.*, r.meeting_id, r.number, r.status, r.version, m.slug, EXISTS (
            SELECT FROM attendance_scan e
            WHERE e.registration_id = f.registration_id AND e.checkpoint_id = f.checkpoint_id
              AND e.kind = 'entry' AND e.outcome IN ('accepted', 'already_in')
              AND NOT EXISTS (
                SELECT FROM attendance_scan v WHERE v.voids_id = e.id AND v.kind = 'void')
        ) AS is_present
        FROM fresh f
        JOIN registrations_registration r ON r.id = f.registration_id
        JOIN events_meeting m ON m.id = r.meeting_id
        LEFT JOIN attendance_scan undone ON undone.id = f.voids_id
        WHERE EXISTS (
            SELECT FROM notifications_webhook w WHERE w.subject = 'meeting:' || r.meeting_id)
          AND (f.kind = 'entry' AND f.outcome = 'accepted'
               OR f.kind = 'void' AND undone.outcome IN ('accepted', 'already_in'))
        ORDER BY f.scanned_at, f.id
    ) s;
    RETURN NULL;
END
$$;

CREATE TRIGGER tell_webhooks AFTER INSERT ON attendance_scan
REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION attendance_tell_webhooks();
"""

UNDO = """
DROP TRIGGER tell_webhooks ON attendance_scan;
DROP FUNCTION attendance_tell_webhooks();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attendance", "0005_merged_persons"),
        ("notifications", "0005_webhooks"),
        ("registrations", "0014_tell_webhooks"),
    ]

    operations = [migrations.RunSQL(sql=TELL, reverse_sql=UNDO)]
