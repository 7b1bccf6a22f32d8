"""Users for the demo: one of each kind, so that a visitor can see what each of them sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from colonnade.core.database import execute
from colonnade.plugins.accounts import User, UserRole

from .company import Person


@dataclass(frozen=True)
class DemoUser:
    """Somebody to sign in as. `department` and `rank` tell which employee they are; None for an administrator."""

    name: str
    role: str
    may: str
    department: str | None = None
    rank: int = 2

    def is_person(self, person: Person) -> bool:
        """Whether a person could be this user."""
        return (person.department, person.rank) == (self.department, self.rank)


ADMIN = DemoUser("admin", "admin", "may do everything")
USERS = (
    ADMIN,
    DemoUser("hr", "hr", "edits all people", "HUM"),
    DemoUser("auditor", "auditor", "reads everything but salaries", "FIN"),
    DemoUser("staff", "staff", "sees everybody, of salaries their own", "ENG"),
    DemoUser("manager", "staff", "sees the salaries of Sales, too", "SAL", rank=0),
)


def missing(session: Session, wanted: Iterable[DemoUser]) -> list[DemoUser]:
    """Those whose names nobody has yet."""
    names = set(execute(session, select(User.name)).scalars())
    return [each for each in wanted if each.name not in names]


def has_administrator(session: Session) -> bool:
    """Whether anybody has the role admin."""
    return bool(execute(session, select(exists().where(UserRole.role == "admin"))).scalar_one())


def employees_of(users: Iterable[DemoUser], everybody: Iterable[Person]) -> dict[str, int]:
    """Which employee each user is: name → number. The first that could be."""
    found: dict[str, int] = {}
    waiting = [each for each in users if each.department is not None]
    for person in everybody:
        for user in waiting:
            if user.is_person(person):
                found[user.name] = person.number
                waiting.remove(user)
                break
    return found
