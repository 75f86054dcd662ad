"""The database refuses to change or remove an event of custody."""

from django.db import migrations

from wardbench.campus.audit import guards


class Migration(migrations.Migration):
    dependencies = [("biobank", "0002_withdrawals")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: guards.install(editor.connection, guards.CUSTODY),
            lambda apps, editor: guards.remove(editor.connection, guards.CUSTODY),
        )
    ]
