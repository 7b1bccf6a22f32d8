"""A plug-in of odd models, the policies over them, and an oracle that reads them in plain Python.

`models` and `elsewhere` are what is read, `policies` who may read what, `rows` the data. The application knows who asks
by the header ``X-Who``, a name among `policies.PEOPLE`.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from colonnade.core.database import ReadConnection, database_of
from colonnade.core.policy import Identity

from .elsewhere import Account, Booking, Gadget, Rich, reflect
from .models import (
    OddBadge,
    OddBike,
    OddLine,
    OddPlace,
    OddReceipt,
    OddSkill,
    OddThing,
    OddTruck,
    OddVehicle,
    OddWorker,
)
from .policies import PEOPLE, POLICIES, ROOT, reflected_policies

NAMES: dict[type[Any], str] = {
    OddPlace: "places",
    OddWorker: "workers",
    OddBadge: "badges",
    OddSkill: "skills",
    OddReceipt: "receipts",
    OddLine: "lines",
    OddThing: "things",
    OddVehicle: "vehicles",
    OddTruck: "trucks",
    OddBike: "bikes",
    Account: "accounts",
    Booking: "bookings",
    Gadget: "gadgets",
    Rich: "riches",
}


def who_asks(request: Request) -> Identity | None:
    """The authenticator: the header names one of `PEOPLE`."""
    return PEOPLE[request.headers.get("X-Who", "anonymous")].identity


def places_of(identity: Identity, _: ReadConnection) -> object:
    """What ``me.places`` is; None for those who have none."""
    return next((who.places and list(who.places) for who in PEOPLE.values() if who.identity == identity), None)


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("odd", summary="Whatever a model may have")
    config.set_authenticator(who_asks)
    config.add_identity_attribute("places", places_of)
    config.add_root_acl([said.entry for said in ROOT])
    for model, policy in POLICIES.items():
        config.add_resource(model, name=NAMES[model], acl=[said.entry for said in policy])
    reflected = reflect(database_of(config.registry).engine)
    config.registry["odd reflected"] = reflected
    for model, policy in reflected_policies(reflected).items():
        config.add_resource(model, name=model.__name__.lower() + "s", acl=[said.entry for said in policy])
