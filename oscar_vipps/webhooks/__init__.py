"""What Stripe meets: the endpoint for its events, and the inbox behind it."""
