"""Every installation has the shipped list of regions from the first day; so have the tests."""

from django.db import migrations

from events import regions


def load(apps, schema_editor):
    regions.fill(*(apps.get_model("events", name) for name in ("RegionSet", "RegionGroup", "Region")))


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
