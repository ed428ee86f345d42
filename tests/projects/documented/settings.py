"""The shop of the installation guide: Oscar's, and what stands in the guide's blocks of code."""

import os

from tests.docs.pages import snippet
from tests.projects.oscar_alone.settings import *  # noqa: F403
from tests.projects.oscar_alone.settings import INSTALLED_APPS

GUIDE = "installation.rst"

_instead = "oscar.apps.checkout.apps.CheckoutConfig"
_theirs = [app for app in INSTALLED_APPS if app != _instead]
# Its comments stand for the apps that the shop has.
_apps = snippet(GUIDE, "INSTALLED_APPS").replace("# ... Django's and Oscar's apps ...", "*theirs,")
assert f'# instead of "{_instead}"' in _apps
exec(_apps, {"theirs": _theirs}, globals())

ROOT_URLCONF = "tests.projects.documented.urls"

os.environ.update(STRIPE_SECRET_KEY="sk_test_projects", STRIPE_WEBHOOK_SECRET="whsec_projects")
exec(snippet(GUIDE, "OSCAR_INITIAL_ORDER_STATUS"), {"os": os}, globals())
OSCAR_VIPPS = {**globals()["OSCAR_VIPPS"], "API_BASE": os.environ["SHOP_STRIPE"]}
