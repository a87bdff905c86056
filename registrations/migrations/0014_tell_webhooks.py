"""
What happens to a registration is told to webhooks: by a trigger, in its transaction.

No column is named in the trigger's head, so that later migrations may change every column; the
function leaves at its first line where the meeting has no webhook. Told are number, status and
which fields changed: nothing personal.
"""

from django.db import migrations

TELL = """
CREATE FUNCTION registrations_tell_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place text := 'meeting:' || NEW.meeting_id;
    whom text := 'registration:' || NEW.id;
    kind text;
    happened timestamptz := now();
    changed text[] := '{}';
    told jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM notifications_webhook w WHERE w.subject = place)
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        kind := 'registration.' || NEW.status;
        happened := NEW.registered_at;
    ELSIF NEW.erased_at IS NOT NULL THEN
        IF OLD.erased_at IS NULL THEN
            kind := 'registration.erased';
            happened := NEW.erased_at;
            -- What receivers answered may have quoted the person.
            UPDATE notifications_deliveryattempt a SET reply = ''
            FROM notifications_delivery d WHERE d.id = a.delivery_id AND d.about = whom AND d.about <> '';
        END IF;
    ELSIF NEW.status <> OLD.status THEN
        kind := 'registration.' || NEW.status;
        happened := NEW.status_changed_at;
    ELSE
        SELECT coalesce(array_agg(f.name ORDER BY f.place), '{}') INTO changed FROM (VALUES
            (1, 'family_name', OLD.family_name <> NEW.family_name),
            (2, 'given_name', OLD.given_name <> NEW.given_name),
            (3, 'patronymic', OLD.patronymic <> NEW.patronymic),
            (4, 'latin_name', OLD.latin_name <> NEW.latin_name),
            (5, 'email', OLD.email <> NEW.email),
            (6, 'phone', OLD.phone <> NEW.phone),
            (7, 'organization', OLD.organization <> NEW.organization),
            (8, 'position', OLD.position <> NEW.position),
            (9, 'region', OLD.region_id IS DISTINCT FROM NEW.region_id),
            (10, 'category', OLD.category_id <> NEW.category_id),
            (11, 'attendance_mode', OLD.attendance_mode <> NEW.attendance_mode),
            (12, 'language', OLD.language <> NEW.language),
            (13, 'delegation', OLD.delegation_id IS DISTINCT FROM NEW.delegation_id),
            (14, 'delegation_role', OLD.delegation_role <> NEW.delegation_role)
        ) f(place, name, differs) WHERE f.differs;
        IF changed <> '{}' THEN
            kind := 'registration.changed';
        END IF;
    END IF;
    IF kind IS NOT NULL THEN
        SELECT jsonb_build_object(
            'meeting', m.slug,
            'registration', jsonb_build_object(
                'number', NEW.number, 'status', NEW.status, 'version', NEW.version)
        ) INTO told FROM events_meeting m WHERE m.id = NEW.meeting_id;
        IF kind = 'registration.changed' THEN
            told := told || jsonb_build_object('changed', changed);
        END IF;
        PERFORM notifications_tell(place, kind, whom, happened, told);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tell_webhooks AFTER INSERT OR UPDATE ON registrations_registration
FOR EACH ROW EXECUTE FUNCTION registrations_tell_webhooks();
"""

UNDO = """
DROP TRIGGER tell_webhooks ON registrations_registration;
DROP FUNCTION registrations_tell_webhooks();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0013_imports"),
        ("notifications", "0005_webhooks"),
    ]

    operations = [migrations.RunSQL(sql=TELL, reverse_sql=UNDO)]
