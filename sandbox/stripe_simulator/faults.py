"""Faults to order: the next matching API requests fail in a chosen way."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import StripeError


class Fault(BaseModel):
    """What goes wrong, for which requests, how many times.

    ``error``           answer ``status`` with ``error`` (fields of Stripe's error object)
    ``timeout_before``  never answer, and do nothing
    ``timeout_after``   do what was asked, then never answer
    ``close``           close the connection without an answer, having done nothing
    ``slow``            answer after ``seconds``; meanwhile the idempotency key is in use
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["error", "timeout_before", "timeout_after", "close", "slow"]
    #: "*" for any.
    method: str = "*"
    #: The whole path or its beginning.
    path: str = "/v1/"
    status: int = Field(default=500, ge=400, le=599)
    error: dict[str, Any] = {}
    headers: dict[str, str] = {}
    seconds: float = Field(default=0, ge=0)
    count: int = Field(default=1, ge=1)
    #: Whether an answer with an error is kept under the request's idempotency key. Stripe keeps what
    #: its endpoints answered, 500s included, and not what was refused before they began.
    keep: bool | None = None

    @property
    def kept(self) -> bool:
        return self.status == 500 if self.keep is None else self.keep

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and path.startswith(self.path)

    def as_error(self) -> StripeError:
        fields = {
            "type": "api_error" if self.status >= 500 else "invalid_request_error",
            "message": _MESSAGES.get(self.status, "An error that was ordered from the simulator."),
            **self.error,
        }
        message = fields.pop("message")
        return StripeError(message, status=self.status, validation=not self.kept, **fields)


_MESSAGES = {
    429: "Request rate limit exceeded. Learn more about rate limits here "
    "https://stripe.com/docs/rate-limits.",
    500: "An unknown error occurred",
}


class Faults:
    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches, counted down."""
        for fault in self.ordered:
            if fault.matches(method, path):
                fault.count -= 1
                if fault.count == 0:
                    self.ordered.remove(fault)
                return fault
        return None
