"""Storage in SQLite: a file, or memory.

Stripe objects are kept as JSON next to *private* facts that Stripe knows but doesn't show (an
endpoint's secret, when an approval runs out). ``due`` is the moment at which something happens to
the object by itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .types import StripeObject

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    livemode INTEGER NOT NULL,
    due REAL,
    data TEXT NOT NULL,
    private TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, livemode, seq);
CREATE INDEX IF NOT EXISTS objects_due ON objects (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS idempotency (
    livemode INTEGER NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (livemode, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    due REAL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass
class Record:
    """One Stripe object, with what only Stripe's side knows of it."""

    data: StripeObject
    livemode: bool
    private: dict[str, Any] = field(default_factory=dict)
    due: float | None = None

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def kind(self) -> str:
        return str(self.data["object"])


class Storage:
    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # What is lost when the machine stops is a simulated payment: speed matters more.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing, so that a request that fails half-way leaves no trace."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def clear(self) -> None:
        self._connection.executescript(
            """
            DELETE FROM objects; DELETE FROM idempotency; DELETE FROM deliveries; DELETE FROM requests;
            DELETE FROM settings;
            """
        )

    # Objects

    def save(self, record: Record) -> Record:
        self._connection.execute(
            "INSERT INTO objects (id, kind, livemode, due, data, private) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET due = excluded.due, data = excluded.data, "
            "private = excluded.private",
            (
                record.id,
                record.kind,
                record.livemode,
                record.due,
                json.dumps(record.data),
                json.dumps(record.private),
            ),
        )
        return record

    def get(self, kind: str, id: str) -> Record | None:
        rows = self._records(
            "SELECT data, livemode, private, due FROM objects WHERE kind = ? AND id = ?", kind, id
        )
        return rows[0] if rows else None

    def need(self, kind: str, id: str) -> Record:
        """Like ``get``, for an id that another object names."""
        record = self.get(kind, id)
        if record is None:
            raise LookupError(f"{kind} {id} is gone")
        return record

    def all(self, kind: str, livemode: bool | None = None) -> list[Record]:
        """Newest first, as Stripe lists."""
        records = self._records(
            "SELECT data, livemode, private, due FROM objects WHERE kind = ? ORDER BY seq DESC", kind
        )
        return [record for record in records if livemode in (None, record.livemode)]

    def delete(self, record: Record) -> None:
        self._connection.execute("DELETE FROM objects WHERE id = ?", (record.id,))

    def next_due(self, until: float) -> Record | None:
        rows = self._records(
            "SELECT data, livemode, private, due FROM objects WHERE due <= ? ORDER BY due, seq LIMIT 1", until
        )
        return rows[0] if rows else None

    def _records(self, query: str, *values: Any) -> list[Record]:
        return [
            Record(json.loads(data), bool(livemode), json.loads(private), due)
            for data, livemode, private, due in self._connection.execute(query, values)
        ]

    # Deliveries of events; the module `webhooks` gives the JSON its meaning

    def add_delivery(self, data: dict[str, Any], due: float | None) -> int:
        cursor = self._connection.execute(
            "INSERT INTO deliveries (due, data) VALUES (?, ?)", (due, json.dumps(data))
        )
        return int(cursor.lastrowid or 0)

    def update_delivery(self, id: int, data: dict[str, Any], due: float | None) -> None:
        self._connection.execute(
            "UPDATE deliveries SET due = ?, data = ? WHERE id = ?", (due, json.dumps(data), id)
        )

    def deliveries(self) -> list[tuple[int, float | None, dict[str, Any]]]:
        """In order of emission."""
        rows = self._connection.execute("SELECT id, due, data FROM deliveries ORDER BY id")
        return [(id, due, json.loads(data)) for id, due, data in rows]

    def due_deliveries(self, until: float) -> list[int]:
        """In the order in which they are to be sent."""
        rows = self._connection.execute("SELECT id FROM deliveries WHERE due <= ? ORDER BY due, id", (until,))
        return [id for (id,) in rows]

    def delivery(self, id: int) -> tuple[float | None, dict[str, Any]] | None:
        row = self._connection.execute("SELECT due, data FROM deliveries WHERE id = ?", (id,)).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def next_delivery_due(self, until: float) -> float | None:
        row = self._connection.execute("SELECT min(due) FROM deliveries WHERE due <= ?", (until,)).fetchone()
        return None if row[0] is None else float(row[0])

    # Idempotency keys

    def idempotent_answer(self, livemode: bool, key: str) -> tuple[str, int, int, StripeObject] | None:
        row = self._connection.execute(
            "SELECT fingerprint, created, status, body FROM idempotency WHERE livemode = ? AND key = ?",
            (livemode, key),
        ).fetchone()
        return (row[0], row[1], row[2], json.loads(row[3])) if row else None

    def keep_answer(
        self, livemode: bool, key: str, fingerprint: str, created: int, status: int, body: StripeObject
    ) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
            (livemode, key, fingerprint, created, status, json.dumps(body)),
        )

    # The log of requests, and single values

    def log_request(self, data: dict[str, Any], keep: int = 1000) -> None:
        self._connection.execute("INSERT INTO requests (data) VALUES (?)", (json.dumps(data),))
        self._connection.execute(
            "DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - ?", (keep,)
        )

    def requests(self) -> list[dict[str, Any]]:
        """Oldest first."""
        rows = self._connection.execute("SELECT data FROM requests ORDER BY id")
        return [json.loads(data) for (data,) in rows]

    def get_value(self, name: str, default: Any) -> Any:
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_value(self, name: str, value: Any) -> None:
        self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))
