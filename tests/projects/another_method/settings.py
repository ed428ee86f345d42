"""A shop whose orders have no statuses, and that goes on to take cards at Oscar's payment-details step."""

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import OSCAR_VIPPS

OSCAR_VIPPS = {
    **{key: value for key, value in OSCAR_VIPPS.items() if key != "ORDER_STATUS"},
    "OTHER_METHODS": ["tests.projects.another_method.methods.Card"],
}
OSCAR_INITIAL_ORDER_STATUS, OSCAR_ORDER_STATUS_PIPELINE = "", {}
