"""Which shipping methods a basket may choose from."""

from oscar.apps.shipping import repository as base

from .methods import PickUpPoint, ToTheDoor


class Repository(base.Repository):
    methods = (ToTheDoor(), PickUpPoint())
