"""A shop that sells to whoever has an account, and to nobody else: Oscar's default."""

from tests.projects.stock.settings import *  # noqa: F403

OSCAR_ALLOW_ANON_CHECKOUT = False
