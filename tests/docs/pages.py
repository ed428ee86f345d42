"""What the README and the pages in ``docs/`` hold: blocks of code, and code between words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.simulator import ROOT

DOCS = ROOT / "docs"
#: The changelog tells of what was.
PAGES = (ROOT / "README.rst", *sorted(DOCS.glob("*.rst")))

_DIRECTIVE = re.compile(r"( *)\.\. (code-block|code|sourcecode|parsed-literal|highlight)::\s*(\S*)")
_INLINE = re.compile(r"(?<!`)``(?!`)(.+?)``(?!`)", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """``kind`` is its language; empty where it has none."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """All blocks of code that stand in the pages themselves."""
    return [block for path in PAGES for block in _blocks(path)]


def _blocks(path: Path) -> Iterator[Block]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        directive = _DIRECTIVE.match(line)
        is_literal = line.rstrip().endswith("::") and not line.lstrip().startswith(".. ")
        if not directive and not is_literal:
            continue
        indent = len(line) - len(line.lstrip())
        body = _body(lines[number + 1 :], indent)
        yield Block(path.name, number + 1, directive[3] if directive else "", body)


def _body(lines: list[str], indent: int) -> str:
    """The indented lines below, as far left as they go."""
    found = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        found.append(line)
    margin = min((len(line) - len(line.lstrip()) for line in found if line.strip()), default=0)
    return "\n".join(line[margin:] for line in found).strip("\n") + "\n"


def snippet(page: str, containing: str) -> str:
    """The one block of Python on that page with those words."""
    on_page = [block.text for block in blocks() if (block.page, block.kind) == (page, "python")]
    (found,) = (text for text in on_page if containing in text)
    return found


def inline() -> list[tuple[str, str]]:
    """Pairs of a page and what stands there as code between words."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for block in _blocks(path):
            for line in block.text.splitlines():
                text = text.replace(line, "", 1) if line.strip() else text
        found += [(path.name, " ".join(match.split())) for match in _INLINE.findall(text)]
    return found


_CRON = re.compile(r"(?:[\d*/]+\s+){5}")
_ASSIGNMENT = re.compile(r"[A-Z_]+=\S+")
#: Words that commands begin with.
_BEGINNINGS = (
    "make",
    "manage.py",
    "python",
    "pytest",
    "pip",
    "stripe",
    "django-admin",
)


def commands() -> dict[str, str]:
    """Commands that a reader may type, each with a page where it stands, without what the shell does.

    ``python manage.py``, ``manage.py`` and nothing at all before one of this app's commands are the same.
    """
    found: dict[str, str] = {}
    for block in blocks():
        if block.kind == "shell" or (block.kind == "text" and _CRON.match(block.text)):
            for line in block.text.splitlines():
                found.setdefault(_bare(line), str(block))
    for page, code in inline():
        bare = _bare(code)
        begins = bare.split(" ", 1)[0]
        if " " in bare and (begins in _BEGINNINGS or begins.startswith("vipps_")):
            found.setdefault(bare, page)
    return {_of_django(command): page for command, page in found.items()}


def _bare(line: str) -> str:
    words = _CRON.sub("", line).rpartition("&& ")[2].split()
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words.pop(0)
    if words[:1] in (["python"], ["../.venv/bin/python"]) and words[1:2] == ["manage.py"]:
        words.pop(0)
    return " ".join(words)


def _of_django(command: str) -> str:
    return f"manage.py {command}" if command.startswith("vipps_") else command
