from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oscar_vipps", "0003_payment_checked_at"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="payment",
            options={
                "ordering": ["-created_at", "-pk"],
                "permissions": [
                    ("capture_payment", "Can capture Vipps payments"),
                    ("refund_payment", "Can refund Vipps payments"),
                    ("cancel_payment", "Can release reserved Vipps payments"),
                ],
                "verbose_name": "Vipps payment",
                "verbose_name_plural": "Vipps payments",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="payment_intent_created_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
