"""What this app knows of a customer, given out and erased: for commands, and for a shop's own routines.

``export.export_customer(email)`` and ``erasure.erase_customer(email)``. What is stored, and why, is told in
docs/privacy.rst.
"""
