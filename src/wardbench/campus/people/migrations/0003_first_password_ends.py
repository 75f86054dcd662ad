"""Until when a password opens anything that somebody else gave."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="first_password_ends",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
