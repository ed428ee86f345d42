from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oscar_vipps", "0002_refunds"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="checked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
