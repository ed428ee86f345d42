"""The pictures in the docs that are drawn from the code: ``make diagrams``. Needs Graphviz' ``dot``."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "oscar_vipps"
IMAGES = Path(__file__).parent / "images"
#: In a label, as Graphviz writes it.
NEW_LINE = "\\n"


def payment_states() -> str:
    """A payment's states and what moves it between them, as Graphviz reads it."""
    from oscar_vipps.payments.states import ENDED, TAKEN_UP_AGAIN, TRANSITIONS, State

    ends = {*ENDED, State.CAPTURED}
    lines = ["rankdir=TB", "node [fontname=Helvetica]", "edge [fontname=Helvetica, fontsize=10]"]
    for state in State:
        shape = "doubleoctagon" if state in ends else "box"
        lines.append(f'{state.name} [shape={shape}, label="{state.value}"]')
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, fact), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(fact.value)
    for (before, after), facts in arrows.items():
        label = NEW_LINE.join(facts)
        lines.append(f'{before.name} -> {after.name} [label="{label}"]')
    label = f"money came late, and{NEW_LINE}the shop takes the order up again"
    lines.append(f'{State.EXPIRED.name} -> {TAKEN_UP_AGAIN.name} [style=dashed, label="{label}"]')
    return _digraph("payment", lines)


def layers() -> str:
    """The packages, as the contract in ``pyproject.toml`` puts them above each other, and who imports whom.

    What is imported by way of another is left out.
    """
    contract = _layers_of_contract()
    rank = {name: number for number, names in enumerate(contract) for name in names}
    packages = {(_package(importer), _package(imported)) for importer, imported in _imports()}
    imports = {pair for pair in packages if {*pair} <= rank.keys() and pair[0] != pair[1]}
    lines = ["rankdir=TB", "node [fontname=Helvetica, shape=box]", "edge [arrowsize=0.7]"]
    lines += [f"{{ rank=same; {'; '.join(names)} }}" for names in contract]
    lines += [f"{importer} -> {imported}" for importer, imported in sorted(_without_detours(imports))]
    return _digraph("layers", lines)


def settling() -> str:
    """What calls ``settle``, with whatever Stripe said, and what follows from it, by who imports whom."""
    centre = "payments.settlement"
    # Names of modules have dots, which Graphviz wants in quotation marks.
    lines = ["rankdir=LR", "node [fontname=Helvetica, shape=box]", f'"{centre}" [style=bold]']
    above, foundations = set(), set(_layers_of_contract()[-1])
    for importer, imported in sorted(_imports()):
        if imported == centre:
            above.add(importer)
            lines.append(f'"{importer}" -> "{imported}"')
    for importer, imported in sorted(_imports()):
        is_followed = importer == centre or (importer in FOLLOWS and imported.startswith("shop."))
        if is_followed and _package(imported) not in foundations | {"models"} and imported not in above:
            lines.append(f'"{importer}" -> "{imported}"')
    return _digraph("settling", lines)


#: What ``settle`` leaves to others, whose imports are shown as well.
FOLLOWS = ("payments.consequences", "payments.money_back")


def tables() -> str:
    """The tables of this app, what they refer to, and Oscar's tables that they hang on."""
    from django.apps import apps

    lines = ["rankdir=LR", "node [fontname=Helvetica, shape=box]", "edge [fontname=Helvetica, fontsize=10]"]
    for model in apps.get_app_config("oscar_vipps").get_models():
        lines.append(f"{model.__name__} [style=bold]")
        for field in model._meta.fields:  # noqa: SLF001 - Django's documented way to a model's fields
            if field.is_relation and field.name != "requested_by":
                other = field.related_model
                is_ours = other._meta.app_label == "oscar_vipps"  # noqa: SLF001
                name = other.__name__ if is_ours else f"Oscar_{other.__name__}"
                how = "one" if field.one_to_one else "many"
                lines += [] if is_ours else [f'{name} [label="{other.__name__} (Oscar)"]']
                lines.append(f'{model.__name__} -> {name} [label="{how} to one"]')
    return _digraph("tables", list(dict.fromkeys(lines)))


def _layers_of_contract() -> list[list[str]]:
    """Top first. A layer may hold several packages, which know nothing of each other."""
    import tomllib

    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in found["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]


def _imports() -> set[tuple[str, str]]:
    """Pairs of modules of this app, named from its root: (importer, imported). Migrations are left out."""
    found = set()
    for path in APP.rglob("*.py"):
        parts = path.relative_to(APP).with_suffix("").parts
        if parts[0] != "migrations":
            importer = ".".join(part for part in parts if part != "__init__")
            for imported in _imported_by(path, parts[:-1]):
                found.add((importer, imported))
    return {(importer, imported) for importer, imported in found if importer and imported != importer}


def _imported_by(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        module = (node.module or "").split(".") if node.module else []
        if node.level:
            module = [*package[: len(package) - node.level + 1], *module]
        elif module[:1] == ["oscar_vipps"]:
            module = module[1:]
        else:
            continue
        for alias in node.names:
            whole = APP.joinpath(*module, alias.name)
            is_module = whole.with_suffix(".py").exists() or whole.is_dir()
            yield ".".join([*module, alias.name] if is_module else module)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _without_detours(arrows: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for start, end in arrows:
        others = {middle for first, middle in arrows if first == start and middle != end}
        if not _reaches(others, end, arrows):
            yield start, end


def _reaches(starts: Iterable[str], end: str, arrows: set[tuple[str, str]]) -> bool:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            waiting += [after for before, after in arrows if before == here]
    return False


def _digraph(name: str, lines: list[str]) -> str:
    return "\n  ".join([f"digraph {name} {{", *lines]) + "\n}\n"


#: File in ``images/`` -> what writes it.
PICTURES = {
    "payment-states": payment_states,
    "layers": layers,
    "settling": settling,
    "tables": tables,
}


def draw(name: str, source: str) -> None:
    """Write ``images/<name>.dot`` and ``images/<name>.svg``."""
    path = IMAGES / f"{name}.dot"
    path.write_text(source, encoding="utf-8")
    subprocess.run(["dot", "-Tsvg", f"-o{path.with_suffix('.svg')}", path], check=True)  # noqa: S603, S607


if __name__ == "__main__":
    import django

    django.setup()
    for name, source in PICTURES.items():
        draw(name, source())
