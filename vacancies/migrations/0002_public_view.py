from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "public_vacancy.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("vacancies", "0001_initial"),
        ("layers", "0002_initial"),
    ]
    operations = [migrations.RunSQL(SQL, "DROP VIEW public_vacancy")]
