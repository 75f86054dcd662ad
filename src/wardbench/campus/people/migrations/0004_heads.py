"""Who heads a unit, or deputises."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_first_password_ends"),
    ]

    operations = [
        migrations.AddField(
            model_name="affiliation",
            name="leads",
            field=models.CharField(
                blank=True,
                choices=[("head", "Head"), ("deputy", "Deputy head")],
                default="",
                max_length=8,
                verbose_name="leads",
            ),
        ),
        migrations.AddConstraint(
            model_name="affiliation",
            constraint=models.CheckConstraint(
                condition=models.Q(("leads", ""), ("role__in", ["coordinator", "physician"]), _connector="OR"),
                name="led_by_who_treats",
            ),
        ),
    ]
