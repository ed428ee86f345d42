"""A shop whose orders have statuses of its own, in its own words."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import OSCAR_VIPPS

OSCAR_INITIAL_ORDER_STATUS = "Ny"
OSCAR_ORDER_STATUS_PIPELINE = {
    "Ny": ("Venter på betaling", "Til pakking"),
    "Venter på betaling": ("Til pakking", "Avbrutt"),
    "Til pakking": ("Sendt", "Avbrutt"),
    "Sendt": (),
    "Avbrutt": (),
}
OSCAR_LINE_STATUS_PIPELINE = {"Ny": ("Klar",), "Klar": ("Pakket",), "Pakket": ()}
OSCAR_INITIAL_LINE_STATUS = "Ny"
OSCAR_ORDER_STATUS_CASCADE = {"Til pakking": "Klar"}

OSCAR_VIPPS = {
    **OSCAR_VIPPS,
    "ORDER_STATUS": {
        "pending": "Venter på betaling",
        "authorized": "Til pakking",
        "captured": "Til pakking",
        "cancelled": "Avbrutt",
        "expired": "Avbrutt",
    },
}
