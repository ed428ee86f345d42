"""Two shops that share code and an account at Stripe. Which of them this one is, the environment says."""

import os

from tests.projects.stock.settings import *  # noqa: F403

SITE_ID = int(os.environ["SHOP_SITE"])
