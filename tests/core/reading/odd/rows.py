"""The rows, the same on every database: few, with nulls everywhere, ties in every order, and texts that hurt."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .elsewhere import LONG, REFLECTED, Account, Booking, Foreign, Gadget, Mood, kinds, parts
from .models import (
    OWN_TABLES,
    Grade,
    Model,
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
    visit,
)

TEXTS = (
    "Ann", "ann", "ÄNN", "änn", "É", "é", "e\u0301", "straße", "STRASSE", "İ", "ı", "ǆ", "ﬁ",
    "%", "_", "a%b", "a_b", "\\", "\\%", "", " ", "o'neil", '"q"', "a,b", "x/y", "~", "\t\n", "\x01", "\x7f",
    "\u2028", "\ufeff", "😀", "\U0010ffff", "null", "true", "0", "a" * 300, "'; DROP TABLE t0; --", "$1", ":p0", "?",
)  # fmt: skip
CODES = ("py", "c++", "c,d", "a/b", "~", "100%", "é", ".", "..", "@@x", "", "O'C", "x~2Cy", " ", "q?a=b&c#d")

Dice = random.Random


def create_tables(engine: sa.Engine) -> None:
    """Make every table; those that are to be reflected have to be there before the application starts."""
    Model.metadata.create_all(engine, tables=OWN_TABLES)
    Foreign.metadata.create_all(engine)
    REFLECTED.create_all(engine)


def fill(session: Session, seed: int = 1) -> None:
    """Add all rows."""
    _Filling(session, random.Random(seed)).all()


class _Filling:
    def __init__(self, session: Session, dice: Dice) -> None:
        self.session = session
        self.dice = dice

    def all(self) -> None:
        self.people()
        self.receipts()
        self.things()
        self.vehicles()
        self.elsewhere()

    def maybe(self, draw: Callable[[], Any], none: float = 0.25) -> Any:
        return None if self.dice.random() < none else draw()

    def one_of(self, choices: Sequence[Any], none: float = 0.25) -> Any:
        return self.maybe(lambda: self.dice.choice(choices), none)

    def small(self) -> Any:
        return self.maybe(lambda: self.dice.randrange(-2, 5))

    def text(self) -> Any:
        return self.one_of(TEXTS)

    def yes(self) -> Any:
        return self.one_of((True, False))

    def moment(self) -> Any:
        units = (dt.timedelta(days=400), dt.timedelta(seconds=7), dt.timedelta(microseconds=1))
        start = dt.datetime(2020, 2, 29, 23, 59, 59, tzinfo=dt.UTC)
        return self.maybe(lambda: start + sum((u * self.dice.randrange(3) for u in units), dt.timedelta()))

    def local(self) -> Any:
        moment = self.moment()
        return None if moment is None else moment.replace(tzinfo=None)

    def day(self) -> Any:
        return self.maybe(lambda: dt.date(2000, 1, 1) + dt.timedelta(days=self.dice.randrange(5) * 2000))

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def decimal(self, scale: int, digits: int = 4) -> Any:
        return self.maybe(lambda: Decimal(self.dice.randrange(-(10**digits), 10**digits)).scaleb(-scale))

    def add(self, *objects: Any) -> None:
        self.session.add_all(objects)
        self.session.flush()

    def people(self) -> None:
        self.add(
            *(
                OddPlace(
                    id=i, name=self.one_of(TEXTS, 0), Name=self.text(), sort=self.text(), limit=self.small(),
                    floor__level=self.small(), n=self.small(), j=self.text(), f_name=self.text(), s_name=self.yes(),
                    key=self.text(), after=self.one_of((1, 2, 3)),
                    parent_id=self.one_of(range(1, i)) if i > 1 else None,
                )
                for i in range(1, 13)
            )
        )  # fmt: skip
        for i in range(1, 41):
            self.add(
                OddWorker(
                    id=i, name=self.one_of(TEXTS, 0), user_id=self.one_of(range(1, 10), 0.5),
                    place_id=self.one_of(range(1, 13)),
                    manager_id=self.one_of(range(max(1, i - 9), i)) if i > 1 else None,
                    age=self.one_of((20, 30, 50, 60, 64)), salary=self.decimal(2, 6), grade=self.one_of(list(Grade)),
                    hired_on=self.day(), seen_at=self.moment(), secret=self.one_of((True, False, False)),
                )
            )  # fmt: skip
        for place in self.session.scalars(sa.select(OddPlace).order_by(OddPlace.id)):
            place.head_id = self.one_of(range(1, 41), 0.3)
        workers = list(self.session.scalars(sa.select(OddWorker).order_by(OddWorker.id)))
        colours = ("red", "secret", "hid%den", "o'ther", "blue")
        for worker in workers:
            if self.dice.random() < 0.6:
                self.add(OddBadge(id=self.uuid(), worker_id=worker.id, colour=self.one_of(colours)))
        self.add(*(OddBadge(id=self.uuid(), colour=self.one_of(colours)) for _ in range(3)))
        skills = [
            OddSkill(code=code, title=self.text(), level=self.maybe(lambda: self.dice.randrange(6))) for code in CODES
        ]
        self.add(*skills)
        for worker in workers:
            worker.skills = self.dice.sample(skills, self.dice.randrange(5))
            worker.friends = self.dice.sample(workers, self.dice.randrange(4))
        self.session.flush()
        visits = [{"worker_id": self.dice.randrange(1, 41), "place_id": self.dice.randrange(1, 13)} for _ in range(60)]
        self.session.execute(visit.insert(), visits + visits[:30])

    def receipts(self) -> None:
        for number in range(1, 7):
            for code in self.dice.sample(CODES, 4):
                receipt = OddReceipt(number=number, code=code, note=self.text())
                days = self.dice.sample(range(5), self.dice.randrange(5))
                receipt.lines = [
                    OddLine(day=dt.date(2024, 2, 27) + dt.timedelta(days=day), amount=self.decimal(4, 6))
                    for day in days
                ]
                self.add(receipt)

    def things(self) -> None:
        wholes = (2**63 - 1, -(2**63), 2**53 + 1, 0, 7)
        floats = (0.1, 1.0, -0.0, 1e300, 5e-324, -2.5, 1e16)
        documents = ({"b": 1, "a": [None, True, "é\"'"]}, [], "text", 12.5, False, {"": {"x": -1}})
        times = (dt.time(0), dt.time(23, 59, 59, 999999), dt.time(12, 30))
        spans = (dt.timedelta(0), dt.timedelta(days=-3, microseconds=1), dt.timedelta(hours=30), dt.timedelta(days=900))
        for i in range(1, 41):
            self.add(
                OddThing(
                    id=self.dice.choice((1, -1)) * (2**53 + i) if i % 3 == 0 else i,
                    worker_id=self.one_of(range(1, 41)),
                    a_text=self.text(), a_short_text=self.one_of([each for each in TEXTS if len(each) < 20]),
                    a_small=self.small(), a_big=self.one_of(wholes), a_decimal=self.decimal(6, 12),
                    a_float=self.one_of(floats), a_bool=self.yes(), a_date=self.day(), a_time=self.one_of(times),
                    a_moment=self.moment(), a_local=self.local(), an_interval=self.one_of(spans),
                    an_enum=self.one_of(list(Grade)), a_uuid=self.maybe(self.uuid),
                    some_bytes=self.one_of((b"", b"\x00", b"abc", bytes(range(256)))), a_json=self.one_of(documents),
                    an_opaque=self.one_of(("abc", "é%", "")), an_array=self.one_of(([], [1], [3, 2, 1])),
                )
            )  # fmt: skip

    def vehicles(self) -> None:
        for i in range(1, 11):
            self.add(OddVehicle(id=i, wheels=self.small(), driver_id=self.one_of(range(1, 41))))
        for i in range(11, 26):
            wheels = self.one_of((2, 4, 6))
            self.add(
                OddTruck(
                    id=i, wheels=wheels, driver_id=self.one_of(range(1, 41)), load=self.decimal(3),
                    tows_id=self.one_of(range(11, i)) if i > 11 else None,
                )
            )  # fmt: skip
        for i in range(26, 34):
            self.add(OddBike(id=i, wheels=2, driver_id=self.one_of(range(1, 41)), gears=self.small()))
        for badge in self.session.scalars(sa.select(OddBadge).order_by(OddBadge.id)):
            badge.bike_id = self.one_of(range(20, 34))  # some of them are trucks

    def elsewhere(self) -> None:
        for i in range(1, 13):
            self.add(
                Account(
                    id=i, owner=self.one_of((3, 5, 7)), title=self.one_of([t for t in TEXTS if len(t) < 60]),
                    balance=self.decimal(2), rate=self.one_of((0.5, 3.0, -1e-7)), open=self.yes(), opened=self.local(),
                    due=self.day(), at=self.one_of((dt.time(1, 2, 3), dt.time(4, 5, 6, 7))),
                    every=self.one_of((dt.timedelta(hours=3), dt.timedelta(days=2, microseconds=5))),
                    mood=self.one_of(list(Mood)), token=self.maybe(self.uuid), blob=self.one_of((b"", b"\xff\x00")),
                    payload=self.one_of(({"a": 1}, {})),
                )
            )  # fmt: skip
        for i in range(1, 31):
            self.add(Booking(id=i, account_id=self.one_of(range(1, 13)), amount=self.decimal(2)))
        for i in range(1, 16):
            labels = {"label": self.one_of(("x", "y")), "LABEL": f"hidden {i}"}
            numbers = {LONG + "one": self.small(), LONG + "two": i * 1000}
            gadget = Gadget()
            for name, value in {"id": i, "account_id": self.one_of(range(1, 13)), **labels, **numbers}.items():
                setattr(gadget, name, value)
            self.add(gadget)
        names = ("k1", "k,2", "K3", "")
        self.session.execute(kinds.insert(), [{"code": code, "a b": self.one_of(("x", "y"))} for code in names])
        self.session.execute(
            parts.insert(),
            [
                {
                    "id": i, "per%cent": self.maybe(lambda: self.dice.randrange(100)),
                    "q'\"\\uote:x": self.one_of(("a", "'", '"', "%s")), "größe": self.decimal(2),
                    "kind": self.one_of(names), "made": self.local(),
                }
                for i in range(1, 26)
            ],
        )  # fmt: skip
