from django.db import migrations, models

# Shifts that are under way go on: which address began them is not known any more.
AS_TODAY = """
UPDATE attendance_device d SET link_generation = l.generation
FROM events_accesslink l WHERE l.id = d.access_link_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0003_narrow_log'),
        ('events', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='device',
            name='link_generation',
            field=models.PositiveIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.RunSQL(AS_TODAY, migrations.RunSQL.noop),
    ]
