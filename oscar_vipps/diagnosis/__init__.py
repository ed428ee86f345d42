"""How the installation is: checks that return plain results, for a command, a page and monitoring alike.

``doctor.diagnose()`` runs them all; each module holds those of one theme.
"""
