"""``python -m benchmarks``: measure, print, and write what was found."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import databases, machine, plots, servers, tables
from benchmarks.figures import Results
from benchmarks.profiles import PROFILES

PARTS = ("webhooks", "hosts", "sqlite", "placing", "growth", "reconciler", "startup")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="full")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be repeated")
    parser.add_argument(
        "--output", type=Path, metavar="DIRECTORY", help="where to write JSON, Markdown and plots"
    )
    options = parser.parse_args()
    results = Results()
    described = machine.description(f"PostgreSQL {databases.version()}")
    clock = servers.Stopwatch()
    with databases.made("template") as template:
        servers.make_tables(servers.environment(servers.SHOP, template))
        for name in options.part or PARTS:
            begun = clock.seconds
            results.extend(measured(name, options.profile))
            print(f"{name}: {clock.seconds - begun:.0f} s", file=sys.stderr, flush=True)
    described["Measured"] = f"profile {options.profile}, in {clock.seconds:.0f} s"
    print(tables.for_terminal(results))
    if options.output:
        write(options.output, results, described)


def measured(part: str, profile: str) -> Results:
    """By a process of its own, on a database of its own."""
    with tempfile.TemporaryDirectory() as directory, database(part, Path(directory)) as url:
        file = Path(directory) / "results.json"
        command = [sys.executable, "-m", "benchmarks.part", part, profile, str(file)]
        subprocess.run(command, env=servers.environment(servers.SHOP, url), cwd=servers.ROOT, check=True)
        return Results.from_json(json.loads(file.read_text(encoding="utf-8")))


@contextmanager
def database(part: str, directory: Path) -> Iterator[str]:
    """Its address. PostgreSQL, but for the part that compares."""
    if part == "sqlite":
        url = f"sqlite:///{directory}/shop.sqlite3"
        servers.make_tables(servers.environment(servers.SHOP, url))
        yield url
        return
    with databases.made(part, template="template") as url:
        yield url


def write(directory: Path, results: Results, described: dict[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    data = {"machine": described, **results.as_json()}
    (directory / "results.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    plots.draw(directory, results)
    (directory / "results.md").write_text(tables.as_markdown(results, described), encoding="utf-8")


if __name__ == "__main__":
    main()
