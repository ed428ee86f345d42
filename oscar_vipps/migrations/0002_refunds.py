import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import oscar_vipps.models


class Migration(migrations.Migration):
    dependencies = [
        ("oscar_vipps", "0001_payments_and_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookevent",
            name="payment_intent_id",
            field=models.CharField(blank=True, db_index=True, max_length=255, verbose_name="PaymentIntent"),
        ),
        migrations.AlterField(
            model_name="flag",
            name="reason",
            field=models.CharField(
                choices=[
                    ("mismatch", "Stripe's facts don't match the payment"),
                    ("late_payment", "Money arrived after the order was cancelled"),
                    ("status_refused", "The order's status could not follow the payment"),
                    ("order_cancelled", "The order is cancelled, and its payment is not"),
                    ("refund_failed", "A refund did not reach the shopper"),
                ],
                max_length=32,
                verbose_name="Reason",
            ),
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        default=oscar_vipps.models.new_reference,
                        max_length=32,
                        unique=True,
                        verbose_name="Reference",
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=1, editable=False)),
                (
                    "refund_id",
                    models.CharField(
                        blank=True, max_length=255, null=True, unique=True, verbose_name="Refund at Stripe"
                    ),
                ),
                ("amount", models.PositiveIntegerField(verbose_name="Amount in øre")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "To be sent"),
                            ("pending", "On its way"),
                            ("succeeded", "Refunded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_index=True,
                        default="requested",
                        max_length=16,
                        verbose_name="Status",
                    ),
                ),
                ("failure_reason", models.CharField(blank=True, max_length=64, verbose_name="Why it failed")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="Created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="Changed at")),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="oscar_vipps.payment",
                        verbose_name="Payment",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Refund",
                "verbose_name_plural": "Refunds",
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="oscar_vipps_refund_amount"
                    )
                ],
            },
        ),
    ]
