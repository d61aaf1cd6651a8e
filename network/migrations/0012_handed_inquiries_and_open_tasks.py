"""Since when an inquiry lies with the office that answers now; tasks of the desk are kept until they are done, not longer."""

import django.utils.timezone
from django.db import migrations, models


def handed_when_written(apps, schema_editor):
    apps.get_model("network", "Inquiry").objects.update(handed_at=models.F("created_at"))


def delete_what_is_done(apps, schema_editor):
    apps.get_model("network", "Assignment").objects.exclude(done_at=None).delete()


class Migration(migrations.Migration):
    dependencies = [("network", "0011_invitations_without_inviter")]

    operations = [
        migrations.RunPython(delete_what_is_done, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="assignment", name="assignment_open_once"),
        migrations.RemoveField(model_name="assignment", name="done_at"),
        migrations.AddConstraint(
            model_name="assignment", constraint=models.UniqueConstraint(fields=("list", "row"), name="assignment_once")
        ),
        migrations.AddField(
            model_name="inquiry", name="handed_at", field=models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.RunPython(handed_when_written, migrations.RunPython.noop),
    ]
