"""
Webhooks, and the function by which the houses above write down what is to be told.

An event is written by a trigger in the transaction of the event: no use case has to remember,
a meeting without webhooks pays one look into an index and no round trip. `notifications_tell`
is what those triggers call.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


TELL = """
CREATE FUNCTION notifications_tell(
    in_subject text, in_kind text, in_about text, in_at timestamptz, in_data jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO notifications_delivery
        (uid, webhook_id, kind, about, happened_at, data, created_at, not_before, expires_at,
         state, attempts, lease_epoch, trouble)
    SELECT gen_random_uuid(), id, in_kind, in_about, in_at, in_data, now(), now(),
        now() + interval '1 day', 'queued', 0, 0, ''
    FROM notifications_webhook
    WHERE subject = in_subject AND state <> 'removed' AND in_kind = ANY(kinds)
$$;
"""
UNDO = "DROP FUNCTION notifications_tell(text, text, text, timestamptz, jsonb)"


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_rates_and_epoch'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('about', models.CharField(blank=True, max_length=80)),
                ('happened_at', models.DateTimeField()),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('leased', 'being sent'), ('deferred', 'will be tried again'), ('delivered', 'delivered'), ('failed', 'not delivered')], default='queued', max_length=9)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('lease_epoch', models.PositiveIntegerField(default=0)),
                ('status_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('milliseconds', models.PositiveIntegerField()),
                ('status_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=20)),
                ('reply', models.CharField(blank=True, max_length=500)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='notifications.delivery')),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('subject', models.CharField(max_length=80)),
                ('url', models.CharField(max_length=500)),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('removed', 'removed')], default='active', max_length=7)),
                ('pause', models.CharField(blank=True, choices=[('by_hand', 'Paused by an organizer.'), ('failing', 'Paused after 50 failures in a row.'), ('gone', 'Paused: the address answered that it wants no more (410).')], max_length=7)),
                ('generation', models.PositiveIntegerField(default=1)),
                ('rotated_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('rests_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(models.F('subject'), name='webhook_by_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused', 'removed'])), name='webhook_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('pause__in', ['by_hand', 'failing', 'gone']), ('state', 'paused')), models.Q(models.Q(('state', 'paused'), _negated=True), ('pause', '')), _connector='OR'), name='a_paused_webhook_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('failures', 0), ('rests_until', None)), models.Q(('failures__gt', 0), ('rests_until__isnull', False)), _connector='OR'), name='a_failing_webhook_rests'), models.CheckConstraint(condition=models.Q(('kinds__contained_by', ['registration.confirmed', 'registration.waitlisted', 'registration.pending', 'registration.declined', 'registration.cancelled', 'registration.changed', 'registration.erased', 'checkin.made', 'checkin.undone']), ('kinds__len__gt', 0)), name='a_webhook_wants_what_there_is')],
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='webhook',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhook'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('not_before'), models.F('id'), condition=models.Q(('state__in', ('queued', 'deferred'))), name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('lease_until'), condition=models.Q(('state', 'leased')), name='delivery_leased'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('webhook'), models.F('id'), name='delivery_by_webhook'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('about'), condition=models.Q(('about', ''), _negated=True), name='delivery_about'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(models.F('created_at'), name='delivery_by_age'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'leased', 'deferred', 'delivered', 'failed'])), name='delivery_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['registration.confirmed', 'registration.waitlisted', 'registration.pending', 'registration.declined', 'registration.cancelled', 'registration.changed', 'registration.erased', 'checkin.made', 'checkin.undone', 'webhook.test'])), name='delivery_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'leased')), models.Q(models.Q(('state', 'leased'), _negated=True), ('lease_until', None)), _connector='OR'), name='a_delivery_lease_has_an_end'),
        ),
        migrations.RunSQL(sql=TELL, reverse_sql=UNDO),
    ]
