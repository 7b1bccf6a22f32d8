"""One run of the ``colonnade`` command, as a verb sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pyramid.registry import Registry
    from sqlalchemy.orm import Session

    from colonnade.core.database import Database
    from colonnade.core.policy import Access, Identity


@dataclass(eq=False)
class Invocation:
    """What a verb works with. Everything is made when it is first asked for, so a verb pays only for what it uses.

    ini: the INI file, as PasteDeploy names one: ``production.ini``, ``production.ini#section``.
    compose: makes the application of an INI file.
    find_identity: finds the identity of a user by name.
    as_user: the user under whose permissions the verb acts (``--as USER``); None for the operator.
    """

    ini: str
    compose: Callable[[str], Registry]
    find_identity: Callable[[Registry, str], Identity]
    as_user: str | None = None

    @cached_property
    def registry(self) -> Registry:
        """The application: its settings, resources and policy are found by it.

        :raises ConfigurationError: with everything that keeps it from starting.
        """
        return self.compose(self.ini)

    @cached_property
    def identity(self) -> Identity:
        """Who acts: the operator, who may do everything, or the user of ``--as``.

        :raises Problem: if there is no such user, or one that is not active.
        """
        from colonnade.core.policy import OPERATOR

        return OPERATOR if self.as_user is None else self.find_identity(self.registry, self.as_user)

    @cached_property
    def access(self) -> Access:
        """What the one who acts may do, resource by resource."""
        from colonnade.core.policy import policy_of

        return policy_of(self.registry).of(self.identity)

    @property
    def database(self) -> Database:
        """The database of the application."""
        from colonnade.core.database import database_of

        return database_of(self.registry)

    def close(self) -> None:
        """Close the connections to the database, if there was an application at all; the command does it at its end."""
        if "registry" in vars(self):
            self.database.dispose()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end of the block, rolled back if it raises.

        Errors of the database leave the block as problems.
        """
        from colonnade.core.changes.origin import ORIGIN, Origin
        from colonnade.core.database import translated
        from colonnade.core.request_id import new_request_id

        with translated(), self.database.sessions.begin() as session:
            session.info[ORIGIN] = Origin.of(self.identity, new_request_id(), "cli")
            yield session


#: Decorates a verb, whose function then gets the `Invocation` as its first argument.
pass_invocation = click.make_pass_decorator(Invocation)
