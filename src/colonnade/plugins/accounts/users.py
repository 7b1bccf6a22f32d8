"""Users and their roles: adding, changing, finding them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from colonnade.core.database import ReadConnection, execute, flush
from colonnade.core.policy import Identity
from colonnade.core.problems import Conflict, Fault, Forbidden, NotFound, Unprocessable
from colonnade.core.settings import nearest

from .models import User, UserRole

_NAME = re.compile(r"\w[\w.@+-]{0,99}")
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,49}")


def create_user(session: Session, name: str, roles: Iterable[str] = ()) -> User:
    """Add a user.

    :param name: unique; letters and digits of any script, and ``. @ + - _``, in lower case.
    :param roles: ``hr`` makes the principal ``role:hr``.
    :raises Unprocessable: for a name or a role that cannot be one.
    :raises Conflict: if the name is taken.
    """
    check_name(name)
    granted = [UserRole(role=check_role(role)) for role in dict.fromkeys(roles)]
    if execute(session, select(exists().where(User.name == name))).scalar_one():
        raise Conflict(f"There is a user {name} already.", slug="already-taken")
    user = User(name=name, granted=granted)
    session.add(user)
    flush(session)
    return user


def find_user(session: Session, name: str) -> User:
    """The user of a name.

    :raises NotFound: if there is none; it names the nearest.
    """
    user: User | None = execute(session, select(User).where(User.name == name)).scalar_one_or_none()
    if user is None:
        raise _unknown(name, execute(session, select(User.name)).scalars().all())
    return user


def add_role(user: User, role: str) -> bool:
    """Give a user a role; False if they have it."""
    if check_role(role) in user.roles:
        return False
    user.granted.append(UserRole(role=role))
    return True


def remove_role(user: User, role: str) -> None:
    """Take a role from a user.

    :raises NotFound: if they do not have it.
    """
    granted = next((each for each in user.granted if each.role == role), None)
    if granted is None:
        raise NotFound(f"{user.name} does not have the role {role}{nearest(role, user.roles)}")
    user.granted.remove(granted)


def identity_of_user(connection: ReadConnection, name: str) -> Identity:
    """Who a user is, with all their permissions, as if they had signed in: for ``--as USER`` and for explanations.

    :raises NotFound: if there is no such user.
    :raises Forbidden: if the user is not active.
    """
    statement = (
        select(User.id, User.active, UserRole.role)
        .join(UserRole, UserRole.user_id == User.id, isouter=True)
        .where(User.name == name)
    )
    found = connection.rows(statement)
    if not found:
        raise _unknown(name, [row.name for row in connection.rows(select(User.name))])
    if not found[0].active:
        raise Forbidden(f"The user {name} is not active.")
    return Identity.signed_in(found[0].id, name, roles=[row.role for row in found if row.role is not None])


def check_name(name: str) -> str:
    """Return a name that a user may have; see `create_user`.

    One person is written in one way: not as ``Ann`` here and ``ann`` there, nor with an accent that is composed or not.
    """
    proper = unicodedata.normalize("NFC", name).lower()
    if not _NAME.fullmatch(name):
        raise _wrong("name", f"{name!r} is no name for a user: letters, digits and . @ + - _, at most 100.")
    if name != proper:
        raise _wrong("name", f"Names of users are in lower case: {proper}.")
    return name


def check_role(role: str) -> str:
    """Return a name that a role may have."""
    if not _ROLE.fullmatch(role):
        raise _wrong("roles", f"{role!r} is no name for a role: lower-case letters, digits, - and _, at most 50.")
    return role


def _wrong(field: str, detail: str) -> Unprocessable:
    return Unprocessable(detail, faults=[Fault(detail, pointer=f"/{field}")])


def _unknown(name: str, known: Iterable[str]) -> NotFound:
    close = difflib.get_close_matches(name, list(known), n=1)
    return NotFound(f"There is no user {name}" + (f"; did you mean {close[0]}?" if close else "."))
