"""What knows a payment's life: its states, how Stripe's facts move it through them, what can be done."""
