"""The pages say what the code says: nothing is left out, and nothing stands there that isn't."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.core.management import load_command_class
from django.template.loader import get_template

from oscar_vipps.conf import OUTCOMES, RULES, VippsSettings
from oscar_vipps.dashboard.attention import ADVICE
from oscar_vipps.models import Flag
from shop.order_pipeline import ORDER_STATUS_PIPELINE
from tests.docs.pages import DOCS, PAGES, inline
from tests.support.simulator import ROOT

APP = ROOT / "oscar_vipps"
CODE = sorted({code for _page, code in inline()})


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def sections(page: str, underline: str = "-") -> dict[str, str]:
    """Text by heading, for headings of that level; each ends at the next heading of any level."""
    parts = re.split(r"^(\S.*)\n([=\-]{3,})$", text_of(page), flags=re.MULTILINE)
    titles, lines, texts = parts[1::3], parts[2::3], parts[3::3]
    return {title: text for title, line, text in zip(titles, lines, texts) if line[0] == underline}


def joined(text: str) -> str:
    return " ".join(text.split())


# Settings

KEYS = {title: joined(text) for title, text in sections("settings.rst").items()}


def test_every_key_has_a_section_and_nothing_else_has() -> None:
    assert set(KEYS) == set(RULES)


@pytest.mark.parametrize("key", RULES)
def test_a_key_s_default_and_values_are_those_of_the_code(key: str) -> None:
    default, expected = re.findall(r"^Default: (.*?)\. Must be (.*?)\.(?: |$)", KEYS[key])[0]
    assert expected == RULES[key].expected
    value = getattr(VippsSettings(), key.lower())
    if default == "none":
        assert not value
        return
    written = eval(default.strip("`"), {"timedelta": timedelta})
    assert (list(value) if isinstance(value, tuple) else value) == written


def test_every_outcome_is_explained() -> None:
    for outcome in OUTCOMES:
        assert f"``{outcome}``" in KEYS["ORDER_STATUS"]


# System checks

CHECKS = sections("checks.rst")


def ids_in_code() -> set[str]:
    return set(re.findall(r'"([EW]\d{3})"', (APP / "checks.py").read_text(encoding="utf-8")))


def test_every_system_check_has_a_section_and_nothing_else_has() -> None:
    assert set(CHECKS) == ids_in_code()


def reported_in_tests() -> dict[str, set[str]]:
    """The messages that ``tests/unit/test_checks.py`` expects, by id: what a shop reads, word for word."""
    found: dict[str, set[str]] = {}

    def look_at(value: Any) -> None:
        if isinstance(value, tuple) and len(value) == 3 and str(value[0]) in CHECKS:
            found.setdefault(value[0], set()).add(value[1])
        elif isinstance(value, list | tuple):
            for each in value:
                look_at(each)

    module = import_module("tests.unit.test_checks")
    for value in vars(module).values():
        look_at(value)
        for mark in getattr(value, "pytestmark", []):
            look_at(mark.args)
    return found


def literals(path: Path) -> str:
    """All texts that stand in a module, one after the other; a piece of an f-string is a text."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return "\n".join(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))


@pytest.mark.parametrize("id", CHECKS)
def test_a_system_check_says_what_the_page_says(id: str) -> None:
    message = joined(re.findall(r"^``(.+?)``$", CHECKS[id], re.MULTILINE)[0])
    pattern = re.compile(".+".join(map(re.escape, message.split("…"))))
    for reported in reported_in_tests().get(id, ()):
        assert pattern.fullmatch(reported), reported
    # And each of its pieces stands in the code, where names of settings are put in from constants.
    texts = joined(literals(APP / "checks.py") + literals(APP / "conf.py"))
    for piece in re.split(r'…| must be |OSCAR_VIPPS|SECRET_KEY|WEBHOOK_SECRETS|"\]|\["|\[', message):
        if len(piece.strip(' ".:[]')) > 3:
            assert piece.strip(' ".:[]') in texts, piece


# What can go wrong

WRONG = sections("operating.rst")


@pytest.mark.parametrize("reason", Flag.Reason, ids=lambda reason: reason.value)
def test_every_reason_for_attention_has_a_section_that_says_what_the_dashboard_says(
    reason: Flag.Reason,
) -> None:
    text = joined(WRONG[str(reason.label)])
    assert text.startswith(joined(f"{ADVICE[reason].meaning} {ADVICE[reason].to_do}"))
    assert f".. _{reason.value.replace('_', '-')}:\n\n{reason.label}\n" in text_of("operating.rst")


def test_the_sections_about_events_say_what_the_dashboard_says() -> None:
    said = literals(APP / "dashboard/attention.py")
    for title in (
        "An event failed",
        "An event was received, and nothing more",
        "A refund or a dispute waits for its payment",
    ):
        quoted = joined(re.findall(r"\A\s+((?:    .+\n)+)", WRONG[title])[0])
        assert quoted in said


def test_every_reason_to_ignore_an_event_is_explained() -> None:
    in_code = set()
    for name in ("webhooks/inbox.py", "payments/settlement.py"):
        tree = ast.parse((APP / name).read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z][^\n]*\.", str(node.value)):
                in_code |= set() if id(node) in docstrings else {node.value}
            # "Malformed: {error}." and the like
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begins = str(node.values[0].value)
                in_code |= {f"{begins}…"} if re.fullmatch(r"[A-Z].*: ", begins) else set()
    documented = set(re.findall(r"``([^`]+)``", WRONG["An event was ignored"])) - {"vipps_register_webhook"}
    assert documented == in_code


def test_every_answer_of_the_webhook_is_explained() -> None:
    docstring = import_module("oscar_vipps.webhooks.views").__doc__
    assert docstring
    for status in {*re.findall(r"^(\d{3})", docstring, re.MULTILINE)} - {"200", "405"}:
        assert re.search(rf"^{status}$", WRONG["No events come"], re.MULTILINE), status


def test_the_names_of_buttons_and_pages_are_those_of_the_dashboard() -> None:
    catalogue = (APP / "locale/nb/LC_MESSAGES/django.po").read_text(encoding="utf-8")
    texts = set(re.findall(r'^msgid "(.+)"$', catalogue, re.MULTILINE))
    # "Capture" is what is left of "Capture %(amount)s" without the amount.
    texts |= {text.partition(" %(")[0] for text in texts}
    stripes = {"Settings > Payment methods", "Webhooks", "Developers", "API keys"}
    ours = {"What you see.", "What it means.", "What to do.", "inquiry", "Vipps", "read", "write"}
    djangos = {"Sites", "Shipped"}
    shops = {"Fjell & Fjord", *ORDER_STATUS_PIPELINE}
    simulators = {"Pay with Vipps", "Won", "Lost"}
    for page in ("dashboard.rst", "operating.rst", "going-live.rst", "tutorial.rst"):
        named = re.findall(r"(?<![\w*`])\*(?!\s)([^*\n]+(?:\n[^*\n]+)?)\*(?![\w*])", text_of(page))
        named = [name for each in named if (name := joined(each))[0].isupper()]
        assert named, page
        for name in {*named} - stripes - ours - djangos - shops - simulators:
            assert name in texts, f"{page}: {name}"


# Names of things


@pytest.mark.parametrize("name", [code for code in CODE if re.fullmatch(r"oscar_vipps(\.\w+)+", code)])
def test_a_dotted_name_leads_somewhere(name: str, db: None) -> None:
    last = name.rpartition(".")[2]
    if re.fullmatch(r"[EW]\d{3}", last):
        assert last in CHECKS
    elif name.count(".") == 1 and Permission.objects.filter(codename=last).exists():
        return
    elif name not in tasks():
        assert resolve(name)


def tasks() -> set[str]:
    """The names of what Celery's workers run."""
    import_module("oscar_vipps.tasks")
    return set(current_app.tasks)


def resolve(name: str) -> Any:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    return None


IN_TREE = re.compile(r"(?:tests|docs|sandbox|oscar_vipps)/[\w/.]*")


@pytest.mark.parametrize("name", sorted({found[0] for found in map(IN_TREE.match, CODE) if found}))
def test_a_file_is_where_it_is_said_to_be(name: str) -> None:
    # What the sandbox writes is there when it has run.
    if not name.startswith("sandbox/var/"):
        assert (ROOT / name).exists() or (APP / "templates" / name).exists()


@pytest.mark.parametrize("name", [code for code in CODE if re.fullmatch(r"oscar/[\w/]+\.html", code)])
def test_oscar_has_the_template(name: str) -> None:
    assert get_template(name)


COMMAND_NAMES = {module.name for module in iter_modules([str(APP / "management/commands")])}


@pytest.mark.parametrize("name", [code for code in CODE if re.fullmatch(r"vipps_[a-z_]+", code)])
def test_a_command_is_one(name: str) -> None:
    assert name in COMMAND_NAMES


@pytest.mark.parametrize("option", [code.split()[0] for code in CODE if code.startswith("--")])
def test_an_option_is_one(option: str) -> None:
    parsers = (
        load_command_class("oscar_vipps", name).create_parser("manage.py", name) for name in COMMAND_NAMES
    )
    known = {each for parser in parsers for action in parser._actions for each in action.option_strings}
    assert option in known


def test_every_project_is_listed() -> None:
    listed = text_of("installation.rst") + text_of("customizing.rst")
    # Those that aren't ways to set a shop up.
    others = {"stock", "oscar_alone", "not_set_up", "documented"}
    projects = {path.parent.name for path in (ROOT / "tests/projects").glob("*/settings.py")}
    assert [name for name in sorted(projects - others) if name not in listed] == []


def test_links_of_the_readme_lead_somewhere() -> None:
    """Those between the pages in docs/ are looked at when they are built."""
    links = re.findall(r"<([\w/.-]+)>`_|image:: (\S+)", PAGES[0].read_text(encoding="utf-8"))
    assert len(links) > 5
    for link in links:
        assert (ROOT / "".join(link)).exists(), link


def test_what_is_shown_of_a_file_is_there() -> None:
    """``literalinclude`` begins at a line that exists, and Sphinx would say so; but not that it is short."""
    for path in PAGES:
        for name, start in re.findall(
            r"literalinclude:: (\S+)\n(?:   :(?:language|caption).*\n)*   :start-at: (.+)",
            path.read_text(encoding="utf-8"),
        ):
            lines = (DOCS / name).resolve().read_text(encoding="utf-8").partition(start)[2]
            assert lines.strip(), (path.name, name, start)
