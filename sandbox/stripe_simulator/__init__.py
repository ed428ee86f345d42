"""A stand-in for Stripe's HTTP API, hosted Checkout and webhooks, as far as Vipps payments need them.

It runs as a process of its own with storage of its own (see ``README.rst``), so that a shop is
exercised over real HTTP, and it is stricter than Stripe's documentation where that is vague: what
passes here should pass at Stripe.
"""
