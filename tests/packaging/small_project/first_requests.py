"""One page of the shop, and one event that nobody signed."""

import os

import django
from django.test import Client

os.environ["DJANGO_SETTINGS_MODULE"] = "project"
django.setup()

client = Client()
assert client.get("/catalogue/").status_code == 200
assert client.post("/vipps/webhook/", b"{}", content_type="application/json").status_code == 400
print("The shop answers, and an unsigned event is refused.")
