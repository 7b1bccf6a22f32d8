"""The people of the demo company, and their salaries, without any database."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from colonnade.plugins.people.models import STILL

from .names import FEMALE, LAST, MALE, UNLUCKY

FIRST_NUMBER = 20_001
#: The demo's present: nothing in it has happened later.
TODAY = date(2026, 1, 1)
FOUNDED = date(1998, 9, 1)

T = TypeVar("T")


@dataclass(frozen=True)
class DemoDepartment:
    """A department; `share` of all people work in it."""

    code: str
    name: str
    share: float
    titles: tuple[str, ...]


_ENGINEERS = ("Engineer", "Senior Engineer", "Principal Engineer")
_OTHERS = ("Associate", "Specialist", "Senior Specialist")

DEPARTMENTS = (
    DemoDepartment("ENG", "Engineering", 0.26, _ENGINEERS),
    DemoDepartment("SAL", "Sales", 0.20, ("Sales Associate", "Account Manager", "Senior Account Manager")),
    DemoDepartment("OPS", "Operations", 0.19, ("Operator", "Technician", "Senior Technician")),
    DemoDepartment("SUP", "Customer Support", 0.11, _OTHERS),
    DemoDepartment("RES", "Research", 0.07, ("Researcher", "Senior Researcher", "Fellow")),
    DemoDepartment("MKT", "Marketing", 0.06, _OTHERS),
    DemoDepartment("FIN", "Finance", 0.05, ("Accountant", "Controller", "Senior Controller")),
    DemoDepartment("HUM", "Human Resources", 0.04, _OTHERS),
    DemoDepartment("LEG", "Legal", 0.02, ("Paralegal", "Counsel", "Senior Counsel")),
)


@dataclass(frozen=True)
class Pay:
    """What somebody earned in a year, between two days."""

    amount: Decimal
    from_date: date
    to_date: date


@dataclass(frozen=True)
class Person:
    """An employee.

    department: its code.
    manager: the number of the one they report to.
    rank: 0 for the heads of departments, 1 for the leads of teams, 2 for all others.
    """

    number: int
    first_name: str
    last_name: str
    email: str
    gender: str
    birth_date: date
    hired_on: date
    title: str
    department: str
    manager: int | None
    rank: int
    pay: tuple[Pay, ...]


def people(count: int) -> Iterator[Person]:
    """So many people (at least 300), the same ones each time: managers before those who report to them."""
    chance = _Chance(seed=1)
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + count))
    unlucky = iter(UNLUCKY)
    heads = [_person(chance, next(numbers), each, None, 0) for each in DEPARTMENTS]
    yield from heads
    left = count - len(heads)
    sizes = [round(each.share * left) for each in DEPARTMENTS[1:]]
    for department, head, size in zip(DEPARTMENTS, heads, [left - sum(sizes), *sizes], strict=True):
        leads = [_person(chance, next(numbers), department, head.number, 1) for _ in range(max(1, size // 12))]
        yield from leads
        for _ in range(size - len(leads)):
            manager = chance.one_of(leads).number
            named = next(unlucky, None) if chance.below(40) == 0 else None
            yield _person(chance, next(numbers), department, manager, 2, named)


class _Chance:
    """Python promises of `random()` alone that a seed gives the same numbers in every version, so all comes of it."""

    def __init__(self, seed: int) -> None:
        self.between_0_and_1 = random.Random(seed).random  # noqa: S311 nothing is kept secret by it

    def below(self, limit: int) -> int:
        return int(self.between_0_and_1() * limit)

    def one_of(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]


def _person(
    chance: _Chance,
    number: int,
    department: DemoDepartment,
    manager: int | None,
    rank: int,
    named: tuple[str, str, str] | None = None,
) -> Person:
    gender = named[2] if named else chance.one_of("FM")
    first = named[0] if named else chance.one_of(FEMALE if gender == "F" else MALE)
    last = named[1] if named else chance.one_of(LAST)
    # Most have not been there for long; heads and leads have.
    tenure = chance.between_0_and_1() ** (0.3 + 0.85 * rank)
    hired_on = TODAY - timedelta(days=1 + int(tenure * (TODAY - FOUNDED).days))
    birth_date = hired_on - timedelta(days=int((18 + 30 * chance.between_0_and_1()) * 365.25))
    step = min(2, int(tenure * 2 + chance.between_0_and_1() * 1.5))
    title = (f"Head of {department.name}", "Team Lead", department.titles[step])[rank]
    start = (95_000_00, 61_000_00, 34_000_00 + step * 9_000_00)[rank]
    return Person(
        number=number,
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}.{number}@example.com",
        gender=gender,
        birth_date=birth_date,
        hired_on=hired_on,
        title=title,
        department=department.code,
        manager=manager,
        rank=rank,
        pay=tuple(_pay(chance, hired_on, start + chance.below(1_200_000))),
    )


def _pay(chance: _Chance, hired_on: date, cents: int) -> Iterator[Pay]:
    """A salary for each year, a little more each time; the last is paid still."""
    begins = hired_on
    while True:
        ends = _a_year_later(begins)
        still = ends >= TODAY
        yield Pay(Decimal(cents).scaleb(-2), begins, STILL if still else ends)
        if still:
            return
        begins = ends
        cents += cents * chance.below(7) // 100 + chance.below(100)


def _a_year_later(day: date) -> date:
    return date(day.year + 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "þ": "th", "Þ": "Th", "ð": "d", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae"})


def _plain(name: str) -> str:
    """The letters of ASCII that are nearest; an address has to consist of some."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return "".join(sign for sign in decomposed.lower() if sign.isalnum()) or "x"
