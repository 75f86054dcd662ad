"""When it was told that an emergency access had not been judged in time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_answering"),
    ]

    operations = [
        migrations.AddField(
            model_name="emergencyaccess",
            name="overdue_told",
            field=models.DateTimeField(null=True),
        ),
    ]
