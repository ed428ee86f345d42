from typing import Any

from django.db import migrations, models
from django.db.models import F


def they_were_told(apps: Any, schema_editor: Any) -> None:
    """Staff have had their mail about the disputes of before: nobody is to mail them all again."""
    disputes = apps.get_model("oscar_vipps", "Dispute").objects.using(schema_editor.connection.alias)
    disputes.update(confirmation_sent_at=F("updated_at"))
    disputes.filter(status__startswith="warning_").update(was_inquiry=True)


class Migration(migrations.Migration):
    dependencies = [
        ("oscar_vipps", "0005_disputes_and_refunded_lines"),
    ]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="was_inquiry",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="dispute",
            name="confirmation_claimed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="dispute",
            name="confirmation_sent_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(they_were_told, migrations.RunPython.noop),
    ]
