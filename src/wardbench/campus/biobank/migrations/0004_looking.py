"""Files that are read, and rows that are checked, in the background."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("biobank", "0003_guards")]
    operations = [
        migrations.AddField("importtable", "report", models.BinaryField(null=True)),
        migrations.AddField("importtable", "reported", models.PositiveIntegerField(null=True)),
        migrations.AddField("importtable", "checked", models.DateTimeField(null=True)),
        migrations.AlterField(
            "import",
            "status",
            models.CharField(
                choices=[
                    ("reading", "Being read"),
                    ("draft", "Being looked at"),
                    ("running", "Being entered"),
                    ("rest", "Entered but for the rest"),
                    ("done", "Entered"),
                    ("dropped", "Put aside"),
                ],
                default="draft",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            "ImportFile",
            [
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="biobank.import",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
    ]
