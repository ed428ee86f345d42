"""Tags for templates: ``{% load vipps_tags %}``."""
