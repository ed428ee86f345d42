"""A bar that tells how far a command is: on a terminal, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

ThingT = TypeVar("ThingT")

WIDTH = 30


def with_progress(things: Iterable[ThingT], total: int, name: str, stream: Any) -> Iterator[ThingT]:
    """The things, one by one; the bar moves when each is done.

    ``total`` is how many there were to begin with; there may be more in the end.
    """
    if not stream.isatty():
        yield from things
        return
    done = 0
    _draw(done, total, name, stream)
    for thing in things:
        yield thing
        done += 1
        _draw(done, max(total, done), name, stream)
    stream.write("\n")


def _draw(done: int, total: int, name: str, stream: Any) -> None:
    filled = WIDTH * done // total if total else WIDTH
    stream.write(f"\r{name} [{'#' * filled}{' ' * (WIDTH - filled)}] {done}/{total}")
    stream.flush()
