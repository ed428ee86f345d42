"""What knows Stripe, and alone imports its library."""
