"""A shop whose browsers run and show nothing that isn't a file of its own.

It replaces what Oscar's templates have of scripts and styles within pages. Of ours, it replaces nothing.
"""

from pathlib import Path

from tests.projects.stock.settings import *  # noqa: F403
from tests.projects.stock.settings import INSTALLED_APPS, MIDDLEWARE, OSCAR_VIPPS, TEMPLATES

TEMPLATES[0]["DIRS"] = [Path(__file__).with_name("templates")]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.strict_csp"]
MIDDLEWARE = ["tests.projects.strict_csp.middleware.strict", *MIDDLEWARE]
# So that there is a choice, and its page is shown.
OSCAR_VIPPS = {**OSCAR_VIPPS, "OTHER_METHODS": ["tests.projects.own_checkout.checkout.methods.Invoice"]}
