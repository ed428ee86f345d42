"""Many rows like one that is there: copied by the database itself, which takes seconds for a million."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, models

#: What stands for the number of the copy, 1 and up, in an expression.
NUMBER = "copy"


def copy(row: models.Model, count: int, first: int, changes: Mapping[str, str]) -> None:
    """``count`` rows like ``row``, with ids from ``first + 1`` up.

    ``changes`` gives columns an SQL expression in ``copy``, the number of the copy.
    """
    meta = type(row)._meta  # noqa: SLF001 - Django's own, and documented
    changes = {"id": f"{first} + {NUMBER}", **changes}
    columns = [field.column or "" for field in meta.local_concrete_fields]
    values = [changes.get(column, f't."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    # PostgreSQL and SQLite both know this way to count.
    statement = (
        f"WITH RECURSIVE numbers({NUMBER}) AS "
        f"(SELECT 1 UNION ALL SELECT {NUMBER} + 1 FROM numbers WHERE {NUMBER} < {count}) "
        f'INSERT INTO "{meta.db_table}" ({names}) SELECT {", ".join(values)} '
        f'FROM "{meta.db_table}" t, numbers WHERE t.id = {row.pk}'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if connection.vendor != "postgresql":
            return
        sequence = f"pg_get_serial_sequence('{meta.db_table}', 'id')"
        cursor.execute(f'SELECT setval({sequence}, max(id)) FROM "{meta.db_table}"')


def analyze(*rows: type[models.Model]) -> None:
    """As the database's own housekeeping would soon have done."""
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(f'VACUUM ANALYZE "{row._meta.db_table}"')  # noqa: SLF001


def first_free(model: Any) -> int:
    """The highest id that is taken."""
    found: int = model.objects.aggregate(most=models.Max("pk"))["most"] or 0
    return found
