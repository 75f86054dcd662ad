"""Whether news comes by mail at once, once a day, or never."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="mail",
            field=models.CharField(
                choices=[
                    ("at_once", "At once"),
                    ("daily", "Once a day, in the morning"),
                    ("never", "Never; I look in the application"),
                ],
                default="at_once",
                max_length=8,
                verbose_name="mail",
            ),
        ),
    ]
