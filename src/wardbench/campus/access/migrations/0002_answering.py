"""Which units answer for an emergency access, and what their heads say of it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("people", "0004_heads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Answering",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("needed", models.BooleanField(null=True)),
                ("words", models.TextField(blank=True, verbose_name="what you know of it")),
                ("said", models.DateTimeField(null=True)),
                (
                    "access",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answering",
                        to="access.emergencyaccess",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation"
                    ),
                ),
                (
                    "speaker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.unit"
                    ),
                ),
            ],
            options={
                "ordering": ("organisation__name", "unit__name"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("access"), models.F("organisation"), models.F("unit"), name="a_place_answers_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("needed", None), ("said", None))
                        | models.Q(("needed__isnull", False), ("said__isnull", False)),
                        name="said_when_it_was_said",
                    ),
                ],
            },
        ),
    ]
