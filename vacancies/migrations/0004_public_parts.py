from django.db import migrations, models

import vacancies.photos

class Migration(migrations.Migration):
    dependencies = [("vacancies", "0003_site_text")]
    operations = [
        migrations.AlterField("photo", "file", vacancies.photos.CleanPictureField(upload_to="", verbose_name="Bild")),
        migrations.CreateModel(
            name='PublicPhoto',
            fields=[
                ('file', models.CharField(max_length=100, primary_key=True, serialize=False, verbose_name='Bild')),
                ('alt_text', models.CharField(blank=True, max_length=200, verbose_name='Bildbeschreibung')),
                ('caption', models.CharField(blank=True, max_length=200, verbose_name='Unterschrift')),
                ('creator', models.CharField(blank=True, max_length=120, verbose_name='Urheber:in')),
                ('licence', models.CharField(blank=True, max_length=60, verbose_name='Lizenz')),
                ('taken_on', models.DateField(null=True, verbose_name='aufgenommen am')),
            ],
            options={
                'db_table': 'public_photo',
                'ordering': ('taken_on', 'file'),
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='PublicUnit',
            fields=[
                ('key', models.CharField(max_length=24, primary_key=True, serialize=False, verbose_name='Kennung')),
                ('name', models.CharField(blank=True, max_length=80, verbose_name='Bezeichnung')),
                ('floor', models.IntegerField(null=True, verbose_name='Geschoss')),
                ('former_use', models.CharField(choices=[('residential', 'Wohnen'), ('retail', 'Laden, Handel'), ('hospitality', 'Gastronomie, Beherbergung'), ('office', 'Büro, Dienstleistung'), ('craft', 'Handwerk, Werkstatt'), ('industry', 'Industrie, Produktion'), ('logistics', 'Lager'), ('farm', 'Hofstelle, Landwirtschaft'), ('manor', 'Gutshaus, Schloss'), ('education', 'Schule, Kita, Bildung'), ('health', 'Gesundheit, Pflege'), ('culture', 'Kultur, Kino, Theater'), ('community', 'Dorfgemeinschaft, Verein'), ('administration', 'Verwaltung, Rathaus'), ('sacral', 'Kirche, Pfarrhaus'), ('rail', 'Bahnhof, Bahn'), ('military', 'Konversion (Militär)'), ('technical', 'Turm, Technik'), ('mixed', 'Mischnutzung'), ('other', 'andere'), ('unknown', 'unbekannt')], max_length=24, verbose_name='frühere Nutzung')),
                ('occupancy', models.CharField(choices=[('vacant', 'vollständig leer'), ('partly_vacant', 'teilweise leer'), ('threatened', 'Leerstand droht'), ('interim', 'Zwischennutzung'), ('under_construction', 'Bauarbeiten'), ('let', 'vermietet, genutzt'), ('rebuilt', 'Neubau'), ('demolished', 'abgerissen'), ('unknown', 'unbekannt')], max_length=24, verbose_name='Leerstand')),
                ('usable_m2', models.IntegerField(null=True, verbose_name='Nutzfläche in m²')),
            ],
            options={
                'db_table': 'public_unit',
                'ordering': ('floor', 'name', 'key'),
                'managed': False,
            },
        ),
    ]
