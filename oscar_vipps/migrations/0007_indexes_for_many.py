from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oscar_vipps", "0006_disputes_are_told"),
    ]

    operations = [
        migrations.AlterField(
            model_name="webhookevent",
            name="status",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("processed", "Processed"),
                    ("ignored", "Ignored"),
                    ("failed", "Failed"),
                ],
                default="received",
                max_length=16,
                verbose_name="Status",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["charge_id"], name="oscar_vipps_payment_charge"),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(fields=["status", "type"], name="oscar_vipps_event_status"),
        ),
    ]
