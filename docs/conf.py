"""How the documentation is built: ``make docs``. What can be read from the code is: see ``from_code.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "sandbox"), str(ROOT / "docs")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

project = "django-oscar-vipps"
copyright = "django-oscar-vipps contributors"
extensions = ["sphinx.ext.autodoc", "from_code", "links"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]
highlight_language = "python"
pygments_style = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": False}
# Their __init__ is Django's, and has nothing to say.
autodoc_class_signature = "mixed"

# Types of other libraries, and of this one that aren't part of the reference.
nitpick_ignore_regex = [
    ("py:.*", r"(django|stripe|oscar|collections|datetime|decimal|types|typing|argparse|enum|pathlib)\..*"),
    ("py:.*", r"(Any|Callable|Mapping|Iterable|Iterator|Collection|QuerySet|Decimal|datetime|timedelta)"),
    # What Sphinx makes of tuple[str, ...] in a signature.
    ("py:.*", r"tuple\[\w+"),
    ("py:.*", r"(HttpRequest|HttpResponse|Promise|Price|Path|Signal|optional|None)"),
]
