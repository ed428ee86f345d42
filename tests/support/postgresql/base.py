"""PostgreSQL as Django knows it, but for how tests empty it. Oscar has well over a hundred tables, and a test
fills a few. ``TRUNCATE`` takes a file's time for each table, full or empty.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style: Any, tables: Any, **options: Any) -> list[str]:
        """Delete from the tables that hold something; constraints are looked at when all is deleted."""
        holding = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {self.quote_name(name)})" for name in tables]
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(holding))
            full = [name for (name,) in cursor.fetchall()]
        return [f"DELETE FROM {self.quote_name(name)}" for name in full]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
