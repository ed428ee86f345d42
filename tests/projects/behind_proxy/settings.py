"""A shop behind a proxy that does the encryption, with what ``check --deploy`` asks for."""

from tests.projects.stock.settings import *  # noqa: F403

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True
SECURE_SSL_REDIRECT = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
ALLOWED_HOSTS = ["shop.example"]
OSCAR_URL_SCHEMA = "https"
