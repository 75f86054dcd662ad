from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0006_warned")]

    operations = [
        migrations.AddField(
            "finding",
            "reference",
            models.CharField(blank=True, default="", max_length=500, verbose_name="reference"),
            False,
        ),
        migrations.AddField(
            "finding", "year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year")
        ),
    ]
