"""The statuses of an order in this shop, and how the outcome of a payment moves an order through them."""

#: Status -> the statuses an order may go to from there.
ORDER_STATUS_PIPELINE: dict[str, tuple[str, ...]] = {
    # Placed, not paid yet.
    "Pending": ("Reserved", "Paid", "Cancelled", "Expired"),
    # The money is held; it is taken when the goods leave.
    "Reserved": ("Paid", "Packed", "Cancelled"),
    "Paid": ("Packed", "Shipped", "Cancelled", "Partly refunded", "Refunded", "Disputed"),
    "Packed": ("Paid", "Shipped", "Cancelled", "Partly refunded", "Refunded", "Disputed"),
    "Shipped": ("Partly refunded", "Refunded", "Disputed"),
    # Nothing more is owed, but money may still arrive late, to be sent back or to bring the order back.
    "Cancelled": ("Reserved", "Paid", "Partly refunded", "Refunded", "Disputed"),
    "Expired": ("Reserved", "Paid", "Partly refunded", "Refunded", "Disputed"),
    # A refund may come back from the bank: the order is then what it was before.
    "Partly refunded": ("Paid", "Packed", "Shipped", "Refunded", "Disputed"),
    "Refunded": ("Paid", "Packed", "Shipped", "Partly refunded", "Disputed"),
    # A dispute ends in the shop's favour or in a refund.
    "Disputed": ("Paid", "Packed", "Shipped", "Partly refunded", "Refunded", "Cancelled"),
}

#: What becomes of an order when its payment gets there: the value of ``OSCAR_VIPPS["ORDER_STATUS"]``.
ORDER_STATUS_OF_OUTCOME: dict[str, str] = {
    "pending": "Pending",
    "authorized": "Reserved",
    "captured": "Paid",
    "cancelled": "Cancelled",
    "expired": "Expired",
    "partially_refunded": "Partly refunded",
    "refunded": "Refunded",
    "disputed": "Disputed",
}
