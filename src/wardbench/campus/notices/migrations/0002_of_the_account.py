"""Notices about somebody's account itself are mailed whatever they chose for news."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="of_account",
            field=models.BooleanField(default=False),
        ),
    ]
