"""Fixtures that tests of several folders share."""
