"""Who buys in tests and benchmarks. Knows neither Django nor a shop: processes of both kinds import it."""

from __future__ import annotations

EMAIL = "kari@example.com"
ADDRESS = {
    "first_name": "Kari",
    "last_name": "Nordmann",
    "line1": "Storgata 1",
    "line4": "Oslo",
    "postcode": "0155",
}
