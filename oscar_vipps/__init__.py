"""Vipps payments through Stripe Checkout for django-oscar shops."""
