"""The databases that are measured on: made of a template, and dropped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

#: The server, and a database of it that exists. Those that are made here have names of their own.
SERVER = os.environ.get("DATABASE_URL", "postgresql://postgres@127.0.0.1/postgres")
PREFIX = os.environ.get("BENCH_PREFIX", "oscar_vipps_bench")


def address(name: str) -> str:
    """The ``DATABASE_URL`` of that database."""
    return urlsplit(SERVER)._replace(path=f"/{PREFIX}_{name}").geturl()


def here() -> str:
    """That of the one that this process measures on."""
    return os.environ["DATABASE_URL"]


def version() -> str:
    return str(_execute("SHOW server_version")[0][0])


def drop(name: str) -> None:
    _execute(f'DROP DATABASE IF EXISTS "{PREFIX}_{name}" WITH (FORCE)')


@contextmanager
def made(name: str, template: str | None = None) -> Iterator[str]:
    """A database, gone again afterwards; its ``DATABASE_URL``."""
    drop(name)
    source = f'TEMPLATE "{PREFIX}_{template}"' if template else ""
    _execute(f'CREATE DATABASE "{PREFIX}_{name}" {source}')
    try:
        yield address(name)
    finally:
        drop(name)


def _execute(statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urlsplit(SERVER).geturl(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
