"""What somebody would set in Stripe's Dashboard, or Stripe itself on the account."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .storage import Storage

Mode = Literal["test", "live"]


class AccountSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    #: Enrolment in the Vipps preview is per account and per mode.
    vipps_enrolled: dict[Mode, bool] = {"test": True, "live": True}
    #: Vipps is switched on among the Dashboard's payment methods.
    vipps_enabled: bool = True
    #: Vipps left its preview: no flag is needed in ``Stripe-Version`` any more.
    vipps_generally_available: bool = False
    #: Stripe has seen all papers. Live payments need it.
    charges_enabled: bool = True
    #: What a restricted key may do, as ``webhook_read``; None: everything.
    restricted_key: list[str] | None = None

    def enrolled(self, livemode: bool) -> bool:
        return self.vipps_enrolled["live" if livemode else "test"]


def load(storage: Storage) -> AccountSettings:
    return AccountSettings.model_validate(storage.get_value("account", {}))


def save(storage: Storage, settings: AccountSettings) -> None:
    storage.set_value("account", settings.model_dump())
