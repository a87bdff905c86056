"""
A meeting has several limits now: its own, and further ones for a category, a region …

The old table had one row a meeting, under the meeting's key; a row gets a key of its own.
Who sits on which seat was said by the registration alone; now a row says so for each limit.
"""

import django.db.models.deletion
from django.db import migrations, models

MOVE = """
INSERT INTO registrations_seatlimit
    (meeting_id, whole_id, scope, seat_limit, taken, over, shows_left, reserve, held, waiting,
     last_line, layout)
SELECT meeting_id, meeting_id, 90, seat_limit, taken, over, true, 0, 0, waiting, last_line, 0
FROM registrations_singleseatlimit;

INSERT INTO registrations_seathold (registration_id, limit_id, is_over)
SELECT r.id, l.id, r.seat = 'over'
FROM registrations_registration r JOIN registrations_seatlimit l ON l.whole_id = r.meeting_id
WHERE r.seat <> 'none';
"""

# One round trip, and the meeting's own row last and shortest. Ids come narrow to wide. A
# seat that is kept for one of the narrow limits is no longer held when it is taken. NULL is
# success; else the id of the limit that is full, or of the meeting's own where its limits have
# changed since the caller read them: then the caller rolls back.
TAKE = """
CREATE FUNCTION registrations_take_seats(who bigint, chosen bigint[], known integer)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    each bigint;
    kept integer := 0;
    was_kept boolean;
BEGIN
    -- Before the counters: nobody waits for these rows.
    INSERT INTO registrations_seathold (registration_id, limit_id, is_over)
        SELECT who, one, false FROM unnest(chosen) one;
    FOREACH each IN ARRAY chosen LOOP
        UPDATE registrations_seatlimit
        SET taken = taken + 1,
            held = CASE WHEN whole_id IS NULL THEN held ELSE held - kept END
        WHERE id = each AND (
            seat_limit IS NULL
            OR taken + CASE WHEN whole_id IS NULL THEN held ELSE held - kept END < seat_limit)
          AND (whole_id IS NULL OR layout = known)
        RETURNING taken <= reserve INTO was_kept;
        IF NOT FOUND THEN
            RETURN each;
        END IF;
        kept := kept + was_kept::integer;
    END LOOP;
    RETURN NULL;
END $$;
"""

# The rows that the function above updates are locked first, in the same order; what is then
# read is what holds until the commit.
DRAW = """
CREATE FUNCTION registrations_draw_turn(
    chosen bigint[], behind boolean, OUT waiting integer, OUT line integer
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM registrations_seatlimit l
    WHERE l.id = ANY(chosen) ORDER BY l.scope, l.id FOR UPDATE;
    IF behind OR EXISTS (
        SELECT 1 FROM registrations_seatlimit l
        WHERE l.id = ANY(chosen) AND l.seat_limit IS NOT NULL
          AND l.taken >= l.seat_limit - CASE WHEN l.whole_id IS NULL THEN 0 ELSE l.held - (
            SELECT count(*) FROM registrations_seatlimit n
            WHERE n.id = ANY(chosen) AND n.taken < n.reserve) END
    ) THEN
        UPDATE registrations_seatlimit l
        SET waiting = l.waiting + 1, last_line = l.last_line + 1
        WHERE l.id = ANY(chosen) AND l.whole_id IS NOT NULL
        RETURNING l.waiting, l.last_line INTO waiting, line;
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION registrations_take_seats(bigint, bigint[], integer);
DROP FUNCTION registrations_draw_turn(bigint[], boolean);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0002_shipped_regions"),
        ("registrations", "0003_sort_key_by_code_point"),
    ]

    operations = [
        migrations.RenameModel("SeatLimit", "SingleSeatLimit"),
        migrations.RemoveConstraint("SingleSeatLimit", "never_more_seats_taken_than_there_are"),
        migrations.AlterField(
            "SingleSeatLimit",
            "meeting",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+",
                serialize=False, to="events.meeting",
            ),
        ),
        migrations.CreateModel(
            name='SeatLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seat_limits', to='events.meeting')),
                ('scope', models.PositiveSmallIntegerField(choices=[(30, 'organization'), (40, 'category'), (50, 'region'), (60, 'district'), (90, 'the whole meeting')])),
                ('whole', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='seats', to='events.meeting')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.category')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.region')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.regiongroup')),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.organization')),
                ('seat_limit', models.PositiveIntegerField(blank=True, null=True)),
                ('taken', models.PositiveIntegerField(default=0)),
                ('over', models.PositiveIntegerField(default=0)),
                ('shows_left', models.BooleanField(default=False, verbose_name='show how many seats are left')),
                ('reserve', models.PositiveIntegerField(default=0)),
                ('reserved_until', models.DateTimeField(blank=True, null=True)),
                ('held', models.PositiveIntegerField(default=0)),
                ('waiting', models.PositiveIntegerField(default=0)),
                ('last_line', models.PositiveIntegerField(default=0)),
                ('layout', models.PositiveIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(models.F('reserved_until'), condition=models.Q(('reserve__gt', 0)), name='reserve_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('seat_limit', None), ('seat_limit__gte', django.db.models.expressions.CombinedExpression(models.F('taken'), '+', models.F('held'))), _connector='OR'), name='never_more_seats_taken_than_there_are'), models.CheckConstraint(condition=models.Q(models.Q(('category__isnull', True), ('group__isnull', True), ('organization__isnull', False), ('region__isnull', True), ('scope', 30), ('whole__isnull', True)), models.Q(('category__isnull', False), ('group__isnull', True), ('organization__isnull', True), ('region__isnull', True), ('scope', 40), ('whole__isnull', True)), models.Q(('category__isnull', True), ('group__isnull', True), ('organization__isnull', True), ('region__isnull', False), ('scope', 50), ('whole__isnull', True)), models.Q(('category__isnull', True), ('group__isnull', False), ('organization__isnull', True), ('region__isnull', True), ('scope', 60), ('whole__isnull', True)), models.Q(('category__isnull', True), ('group__isnull', True), ('organization__isnull', True), ('region__isnull', True), ('scope', 90), ('whole__isnull', False)), _connector='OR'), name='a_limit_is_about_one_thing'), models.CheckConstraint(condition=models.Q(('whole', None), ('whole', models.F('meeting')), _connector='OR'), name='a_meetings_own_limit_is_its_own'), models.UniqueConstraint(fields=('meeting', 'category', 'region', 'group', 'organization'), name='one_limit_about_one_thing', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('scope', 90), models.Q(('held', 0), ('last_line', 0), ('layout', 0), ('waiting', 0)), _connector='OR'), name='people_wait_at_the_meetings_own_limit'), models.CheckConstraint(condition=models.Q(models.Q(('reserve', 0), ('reserved_until', None)), models.Q(('reserve__gt', 0), ('reserved_until__isnull', False), models.Q(('scope', 90), _negated=True)), _connector='OR'), name='seats_are_kept_for_somebody_until_a_day'), models.CheckConstraint(condition=models.Q(('seat_limit', None), ('reserve__lte', models.F('seat_limit')), _connector='OR'), name='no_more_seats_are_kept_than_may_be_taken')],
            },
        ),
        migrations.CreateModel(
            name='SeatHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='registrations.registration')),
                ('limit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='registrations.seatlimit')),
                ('is_over', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('registration', 'limit'), name='a_seat_of_a_limit_is_taken_once')],
                'indexes': [],
            },
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.DeleteModel("SingleSeatLimit"),
        migrations.RunSQL(
            "ALTER TABLE registrations_seatlimit SET (fillfactor = 50)", migrations.RunSQL.noop
        ),
        migrations.RunSQL(TAKE + DRAW, DROP),
    ]
