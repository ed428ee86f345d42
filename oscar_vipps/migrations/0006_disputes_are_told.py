from django.db import migrations, models


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
    ]
