from django.db import migrations


class Migration(migrations.Migration):
    """Once made the public view; views are made after every migration now (geo/public_views.py)."""

    dependencies = [
        ("vacancies", "0001_initial"),
        ("layers", "0002_initial"),
    ]
    operations = []
