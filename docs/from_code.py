"""Directives for what the documentation takes from the code, so that it can't say anything else.

``.. commands::``, ``.. addresses::``, ``.. doctors-checks::``, ``.. templates::``, ``.. loaded-classes::``
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

APP = Path(__file__).resolve().parent.parent / "oscar_vipps"


class Written(SphinxDirective):
    """What ``lines`` yields, read as reStructuredText."""

    def run(self) -> list[nodes.Node]:
        source = StringList(list(self.lines()), source=f"<{self.name}>")
        return self.parse_text_to_nodes("\n".join(source), allow_section_headings=True)

    def lines(self) -> Iterator[str]:
        raise NotImplementedError


class Commands(Written):
    """Each management command, with what its ``--help`` says."""

    def lines(self) -> Iterator[str]:
        from django.core.management import load_command_class

        from oscar_vipps.management import commands

        for module in sorted(iter_modules(commands.__path__), key=lambda module: module.name):
            command = load_command_class("oscar_vipps", module.name)
            yield from [module.name, "-" * len(module.name), ""]
            yield from [_escaped(str(command.help)), ""]
            parser = argparse.ArgumentParser(prog=f"manage.py {module.name}", add_help=False)
            command.add_arguments(parser)  # type: ignore[arg-type]
            usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
            yield from [".. code-block:: text", "", f"    {usage}", ""]
            for action in parser._actions:  # noqa: SLF001 - argparse has no other list of them
                name = ", ".join(action.option_strings) or action.metavar or action.dest
                value = f" {action.metavar or action.dest.upper()}" if _takes_value(action) else ""
                yield from [f"``{name}{value}``", f"    {_escaped(action.help or '')}", ""]


def _takes_value(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.nargs != 0


class Addresses(Written):
    """The addresses of this app, and who may see those of the dashboard."""

    def lines(self) -> Iterator[str]:
        from django.apps import apps

        from oscar_vipps import urls
        from oscar_vipps.dashboard.access import FOR_PARTNERS, NEEDED

        yield from _table("Name", "Address", "Who may")
        for pattern in urls.urlpatterns:
            who = "whoever has the token" if "token" in str(pattern.pattern) else "everybody"
            yield from _row(f"``vipps:{pattern.name}``", f"``vipps/{pattern.pattern}``", who)
        dashboard: Any = apps.get_app_config("vipps_dashboard")
        for pattern in dashboard.get_urls():
            who = ", ".join(f"``oscar_vipps.{code}``" for code in NEEDED[pattern.name])
            partners = "; partners, for their own orders" if pattern.name in FOR_PARTNERS else ""
            name = f"``vipps_dashboard:{pattern.name}``"
            yield from _row(name, f"``dashboard/vipps/{pattern.pattern}``", f"staff with {who}{partners}")


class DoctorsChecks(Written):
    """What ``vipps_doctor`` looks at, in its order."""

    def lines(self) -> Iterator[str]:
        from oscar_vipps.diagnosis.doctor import CHECKS

        yield from _table("Line", "In JSON", "What is well then")
        for check in CHECKS:
            yield from _row(str(check.title), f"``{check.name}``", cleandoc(check.look.__doc__ or ""))


class Templates(Written):
    """Each template, and the blocks that it has itself."""

    def lines(self) -> Iterator[str]:
        yield from _table("Template", "Its blocks")
        for path in sorted((APP / "templates").rglob("*.*")):
            blocks = re.findall(r"{% block (\w+) %}", path.read_text(encoding="utf-8"))
            name = path.relative_to(APP / "templates").as_posix()
            yield from _row(
                f"``{name}``", ", ".join(f"``{block}``" for block in dict.fromkeys(blocks)) or "–"
            )


class LoadedClasses(Written):
    """What is looked up with Oscar's ``get_class``, and so may be the shop's."""

    def lines(self) -> Iterator[str]:
        yield from _table("Class", "Looked up by")
        found: dict[str, set[str]] = {}
        for path in sorted(APP.rglob("*.py")):
            module = ".".join(("oscar_vipps", *path.relative_to(APP).with_suffix("").parts))
            for name in _looked_up(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(name, set()).add(module)
        for name, modules in sorted(found.items()):
            yield from _row(f"``{name}``", ", ".join(f"``{module}``" for module in sorted(modules)))


def _looked_up(tree: ast.Module) -> Iterator[str]:
    """What ``get_class`` is called with, where both arguments are written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_class":
            names = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
            if len(names) == 2:
                yield ".".join(names)


def _table(*heads: str) -> Iterator[str]:
    yield from [".. list-table::", "   :header-rows: 1", ""]
    yield from _row(*heads)


def _row(*cells: str) -> Iterator[str]:
    for number, cell in enumerate(cells):
        yield f"   {' ' if number else '*'} - {cell}"


def _escaped(text: str) -> str:
    """Help is plain text: options in it are shown as they are written."""
    escaped = re.sub(r"[\\*`]|_(?!\w)", r"\\\g<0>", text)
    return re.sub(r"(?<!\S)--[a-z-]+\b", r"``\g<0>``", escaped)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("commands", Commands)
    app.add_directive("addresses", Addresses)
    app.add_directive("doctors-checks", DoctorsChecks)
    app.add_directive("templates", Templates)
    app.add_directive("loaded-classes", LoadedClasses)
    return {"parallel_read_safe": True}
