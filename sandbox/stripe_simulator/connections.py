"""Open connections, so that one can be cut without an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[Any, ...], asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """Uvicorn's own protocol, which also remembers its transport by the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = tuple(transport.get_extra_info("peername") or ())[:2]
        _open[self._address] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _open.pop(self._address, None)
        super().connection_lost(exc)


def cut(client: tuple[str, int] | None) -> None:
    """Close at once, as a network that fails."""
    transport = _open.get(tuple(client or ()))
    if transport is not None:
        transport.abort()
