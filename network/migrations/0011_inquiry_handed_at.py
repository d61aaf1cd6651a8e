"""Since when an inquiry lies with the office that answers now; until it is handed on, since it was written."""

import django.utils.timezone
from django.db import migrations, models


def since_they_were_written(apps, schema_editor):
    apps.get_model("network", "Inquiry").objects.update(handed_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("network", "0010_desk")]

    operations = [
        migrations.AddField(
            model_name="inquiry", name="handed_at", field=models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.RunPython(since_they_were_written, migrations.RunPython.noop),
    ]
