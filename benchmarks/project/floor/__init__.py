"""The least that an endpoint for events can do: see that Stripe signed it, and keep it."""
