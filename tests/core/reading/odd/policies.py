"""Who may see what: each entry as SQL for the application, and as a plain predicate for the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, object_session

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, fields, me, rows
from colonnade.core.policy import ANONYMOUS, Identity

from .elsewhere import FOREIGN, LONG, Account, Booking, Gadget, Reflected, Rich
from .models import (
    OWN,
    Grade,
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
    worker_skill,
)


@dataclass(frozen=True)
class Who:
    """One who asks: the identity, and what ``me.places`` is for them."""

    identity: Identity
    places: tuple[int, ...] | None = None

    @property
    def id(self) -> Any:
        """What ``me.id`` is."""
        return self.identity.id


def _signed_in(user_id: int, *roles: str, places: tuple[int, ...] | None = None, **more: Any) -> Who:
    return Who(Identity.signed_in(user_id, f"user {user_id}", roles=roles, **more), places)


NARROWED = frozenset({("workers", "view"), ("places", "view"), ("things", "view"), ("skills", "edit")})
PEOPLE: Mapping[str, Who] = {
    "anonymous": Who(ANONYMOUS),
    "admin": _signed_in(1, "admin"),
    "staff": _signed_in(3, "staff", places=(1, 2, 5)),
    "other staff": _signed_in(7, "staff"),
    "auditor": _signed_in(8, "auditor"),
    "guest": _signed_in(5, "guest", places=(1, 3, 4, 8)),
    "guest of nowhere": _signed_in(6, "guest"),
    "both": _signed_in(4, "guest", "staff", places=()),
    "nobody": _signed_in(9),
    "narrowed": _signed_in(3, "staff", places=(2, 3), narrowed=NARROWED),
}


@dataclass(frozen=True)
class Said:
    """One entry. `sql` makes the expression, `holds` says the same of an object; without them it is of every row."""

    allow: bool
    who: str
    what: Any
    sql: Callable[[], Any] | None = None
    holds: Callable[[Any, Who], Any] | None = None

    @property
    def entry(self) -> tuple[Any, Any, Any]:
        """The entry as a plug-in writes it."""
        who = self.who if self.sql is None else rows(self.sql(), who=self.who)
        return (Allow if self.allow else Deny, who, self.what)


allow, deny = partial(Said, True), partial(Said, False)
STAFF, GUEST, AUDITOR = "role:staff", "role:guest", "role:auditor"

#: Root's list ends every other; the core adds that administrators may do everything.
ROOT = (allow(AUDITOR, "view"),)
CORE = (allow("role:admin", ALL_PERMISSIONS),)


def _has_learnt(worker: OddWorker, level: int) -> bool:
    return any(skill.level is not None and skill.level > level for skill in worker.skills)


def _same_table() -> Any:
    """Those who manage somebody in a high place: a subquery over the very table that the policy is about."""
    return OddWorker.id.in_(
        sa.select(OddWorker.manager_id).join(OddPlace, OddWorker.place_id == OddPlace.id).where(OddPlace.n > 2)
    )


def _correlated() -> Any:
    """Those with a demanding skill: a subquery that speaks of the policy's own row, and says so."""
    return (
        sa.exists()
        .where(worker_skill.c.worker_id == OddWorker.id, worker_skill.c.skill_code == OddSkill.code, OddSkill.level > 3)
        .correlate(OddWorker)
    )


def _same_age() -> Any:
    """Those of whom there is another one of their age, by an alias of the author's own."""
    other = aliased(OddWorker)
    return sa.select(other.id).where(other.age == OddWorker.age, other.id != OddWorker.id).exists()


def _is_not_alone(worker: OddWorker) -> bool:
    everybody = object_session(worker) or ()
    return worker.age is not None and any(
        isinstance(o, OddWorker) and o.age == worker.age and o.id != worker.id for o in everybody
    )


POLICIES: dict[type[Any], tuple[Said, ...]] = {
    OddPlace: (
        deny(STAFF, "view", lambda: OddPlace.after == 1, lambda o, _: o.after == 1),
        allow(
            STAFF,
            "view",
            lambda: OddPlace.head.has(OddWorker.user_id == me.id),
            lambda o, who: o.head is not None and o.head.user_id == who.id,
        ),
        deny(STAFF, fields("key", "Name").view),
        deny(STAFF, fields("name", "limit").view, lambda: OddPlace.s_name, lambda o, _: o.s_name),
        allow(STAFF, "view"),
        allow(
            GUEST,
            "view",
            lambda: ~OddPlace.id.in_(me.places),
            lambda o, who: who.places is not None and o.id not in who.places,
        ),
        allow(Everyone, "view", lambda: OddPlace.id.in_(me.places), lambda o, who: o.id in (who.places or ())),
    ),
    OddWorker: (
        allow(STAFF, "view", lambda: OddWorker.user_id == me.id, lambda o, who: o.user_id == who.id),
        deny(STAFF, "view", lambda: OddWorker.secret, lambda o, _: o.secret),
        allow(
            STAFF,
            fields("salary", "manager_id").view,
            lambda: OddWorker.manager.has(OddWorker.user_id == me.id),
            lambda o, who: o.manager is not None and o.manager.user_id == who.id,
        ),
        deny(STAFF, fields("salary").view),
        deny(
            STAFF,
            fields("manager_id", "report_count", "grade").view,
            lambda: OddWorker.age < 40,
            lambda o, _: o.age is not None and o.age < 40,
        ),
        deny(AUDITOR, fields("place_id", "badge", "salary").view),
        deny(
            AUDITOR,
            fields("reports", "doubled").view,
            lambda: OddWorker.grade == Grade.LOW,
            lambda o, _: o.grade is Grade.LOW,
        ),
        deny(AUDITOR, fields("hired_on").view, _correlated, lambda o, _: _has_learnt(o, 3)),
        allow(STAFF, "view"),
        deny(
            GUEST,
            fields("name").view,
            lambda: OddWorker.place.has(OddPlace.head_id == OddWorker.id),
            lambda o, _: o.place is not None and o.place.head_id == o.id,
        ),
        deny(
            GUEST,
            "view",
            _same_table,
            lambda o, _: any(r.place is not None and r.place.n is not None and r.place.n > 2 for r in o.reports),
        ),
        deny(GUEST, fields("age", "shout").view, _same_age, lambda o, _: _is_not_alone(o)),
        allow(
            GUEST,
            "view",
            lambda: OddWorker.place.has(OddPlace.id.in_(me.places)),
            lambda o, who: o.place is not None and o.place.id in (who.places or ()),
        ),
    ),
    OddBadge: (
        deny(
            Everyone,
            "view",
            lambda: OddBadge.colour.in_(["secret", "hid%den", "o'ther"]),
            lambda o, _: o.colour in ("secret", "hid%den", "o'ther"),
        ),
        deny(
            GUEST,
            fields("worker_id").view,
            lambda: OddBadge.colour.is_(None),
            lambda o, _: o.colour is None,
        ),
        allow(STAFF, "view"),
        allow(GUEST, "view"),
    ),
    OddSkill: (
        allow(
            STAFF,
            "view",
            lambda: OddSkill.workers.any(OddWorker.user_id == me.id),
            lambda o, who: any(w.user_id == who.id for w in o.workers),
        ),
        deny(STAFF, "view", lambda: OddSkill.level > 3, lambda o, _: o.level is not None and o.level > 3),
        deny(STAFF, fields("title").view, lambda: OddSkill.level == 0, lambda o, _: o.level == 0),
        allow(STAFF, "view"),
        allow(Everyone, "view", lambda: OddSkill.title.is_(None), lambda o, _: o.title is None),
    ),
    OddReceipt: (
        deny(STAFF, fields("note").view, lambda: OddReceipt.number < 3, lambda o, _: o.number < 3),
        allow(STAFF, "view"),
        allow(GUEST, "view", lambda: OddReceipt.number.in_([1, 4, 5]), lambda o, _: o.number in (1, 4, 5)),
    ),
    OddLine: (
        deny(
            STAFF,
            fields("amount").view,
            lambda: OddLine.receipt.has(OddReceipt.note.is_(None)),
            lambda o, _: o.receipt.note is None,
        ),
        allow(STAFF, "view"),
        allow(GUEST, "view", lambda: OddLine.amount > 0, lambda o, _: o.amount is not None and o.amount > 0),
    ),
    OddThing: (
        deny(
            STAFF,
            fields("a_text", "a_decimal", "a_moment", "an_enum", "some_bytes").view,
            lambda: OddThing.a_bool,
            lambda o, _: o.a_bool,
        ),
        deny(
            STAFF,
            fields("an_opaque", "an_array", "a_float", "an_interval", "worker_id").view,
            lambda: OddThing.a_small > 0,
            lambda o, _: o.a_small is not None and o.a_small > 0,
        ),
        allow(STAFF, "view"),
        allow(
            GUEST,
            ("view",),
            lambda: OddThing.worker.has(OddWorker.place_id.in_(me.places)),
            lambda o, who: o.worker is not None and o.worker.place_id in (who.places or ()),
        ),
    ),
    OddVehicle: (
        deny(
            STAFF,
            "view",
            lambda: OddVehicle.driver.has(OddWorker.secret),
            lambda o, _: o.driver is not None and o.driver.secret,
        ),
        allow(STAFF, "view"),
    ),
    OddTruck: (
        deny(STAFF, fields("wheels").view, lambda: OddTruck.load > 2, lambda o, _: o.load is not None and o.load > 2),
        allow(STAFF, "view", lambda: OddTruck.wheels > 2, lambda o, _: o.wheels is not None and o.wheels > 2),
        allow(
            GUEST,
            "view",
            lambda: OddTruck.tows.has(OddTruck.wheels == 4),
            lambda o, _: o.tows is not None and o.tows.wheels == 4,
        ),
    ),
    OddBike: (
        allow(STAFF, "view", lambda: OddBike.gears.is_not(None), lambda o, _: o.gears is not None),
        allow(GUEST, ("view",)),
    ),
    Account: (
        deny(
            STAFF,
            fields("balance", "rate").view,
            lambda: Account.bookings.any(Booking.amount < 0),
            lambda o, _: any(b.amount is not None and b.amount < 0 for b in o.bookings),
        ),
        allow(STAFF, "view"),
        allow(GUEST, "view", lambda: Account.open, lambda o, _: o.open),
    ),
    Booking: (
        deny(
            STAFF,
            "view",
            lambda: Booking.account.has(~Account.open),
            lambda o, _: o.account and o.account.open is False,
        ),
        allow(STAFF, "view"),
        allow(GUEST, "view"),
    ),
    Gadget: (
        deny(STAFF, fields("LABEL", LONG + "two").view),
        deny(
            STAFF,
            "view",
            lambda: Gadget.account.has(Account.owner == me.id),  # type: ignore[attr-defined]
            lambda o, who: o.account is not None and o.account.owner == who.id,
        ),
        allow(STAFF, "view"),
    ),
    Rich: (
        deny(STAFF, fields("balance").view, lambda: Rich.owner == me.id, lambda o, who: o.owner == who.id),  # type: ignore[attr-defined]
        deny(
            STAFF,
            "view",
            lambda: Rich.bookings.any(Booking.amount > 90),  # type: ignore[attr-defined]
            lambda o, _: any(b.amount is not None and b.amount > 90 for b in o.bookings),
        ),
        allow(STAFF, "view"),
        allow(
            GUEST, "view", lambda: Rich.id.in_(sa.select(Rich.id).where(Rich.owner > 3)), lambda o, _: o.owner in (5, 7)
        ),  # type: ignore[attr-defined]
    ),
}


def reflected_policies(reflected: Reflected) -> dict[type[Any], tuple[Said, ...]]:
    """The same for classes that are made for each application."""
    kind, part = reflected.Kind, reflected.Part
    percent: Any = getattr(part, "per%cent")
    return {
        kind: (allow(STAFF, "view"), allow(GUEST, "view")),
        part: (
            deny(
                STAFF,
                fields("größe", "made").view,
                lambda: percent > 50,
                lambda o, _: getattr(o, "per%cent") is not None and getattr(o, "per%cent") > 50,
            ),
            deny(STAFF, "view", lambda: part.kind_of.has(getattr(kind, "a b").is_(None)), _of_nameless_kind),
            allow(STAFF, "view"),
        ),
    }


def _of_nameless_kind(part: Any, _: Who) -> bool:
    return part.kind_of is not None and getattr(part.kind_of, "a b") is None


assert set(POLICIES) == {*OWN, *FOREIGN}
