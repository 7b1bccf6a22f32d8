"""Who may do what at the desk; and the application, over a database that has its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, fields, me, rows
from tests.harness.applications import Application, application

from .models import Branch, Folder, Kept, Label, Leaf, Loose, Page, Seat, Sheet, Slip, Step, Stop, Tag, Task, Team, Tour

#: `tests.core.writing.desk.rules` says the same of a task in plain Python.
TASK_ACL: list[Any] = [
    (Deny, rows(Task.state == "frozen"), "delete"),
    (Deny, Everyone, fields("origin").write),
    (Allow, "role:hr", ALL_PERMISSIONS),
    (Deny, "role:staff", fields("secret").view),
    (Deny, rows(Task.state == "sealed", who="role:staff"), fields("note").view),
    (Deny, "role:staff", fields("grade").write),
    (Deny, rows(Task.points > 50, who="role:staff"), fields("bonus").write),
    (Deny, rows(Task.points > 50, who="role:staff"), fields("tags").write),
    (Deny, rows(Task.owner_id == 9, who="role:staff"), "view"),
    (Allow, "role:staff", "view"),
    (Allow, rows(Task.state != "done", who="role:staff"), ("create", "edit")),
    (Allow, rows(Task.owner_id == me.id, who="role:staff"), "delete"),
    (Allow, rows(Task.owner_id == me.id, who="role:owner"), ("view", "edit", "delete")),
    (Allow, "role:owner", "create"),
    (Allow, rows(Task.owner_id == me.id, who="role:giver"), "view"),
    (Allow, "role:giver", ("create", "edit", "delete")),
    (Allow, "role:reader", "view"),
    (Allow, "role:blind", ("create", "edit", "delete")),
]
OPEN: list[Any] = [(Allow, "role:hr", ALL_PERMISSIONS)]


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("desk", summary="A desk")
    config.add_resource(Task, acl=TASK_ACL)
    config.add_resource(
        Team,
        acl=[*OPEN, (Allow, rows(sa.not_(Team.closed), who="role:staff"), "view"), (Allow, "role:reader", "view")],
    )
    config.add_resource(
        Tag,
        acl=[
            *OPEN,
            (Deny, rows(Tag.private, who="role:staff"), "view"),
            (Allow, "role:staff", ("view", "create", "edit")),
            (Allow, rows(sa.not_(Tag.private), who="role:owner"), "view"),
        ],
    )
    config.add_resource(
        Folder, acl=[*OPEN, (Deny, "role:staff", fields("secret").view), (Allow, "role:staff", ALL_PERMISSIONS)]
    )
    config.add_resource(
        Seat,
        acl=[
            *OPEN,
            (Deny, "role:staff", fields("place").view),
            (Allow, "role:staff", ALL_PERMISSIONS),
        ],
    )
    config.add_resource(Stop, acl=[*OPEN, (Allow, rows(Stop.line != "X", who="role:staff"), "view")])
    config.add_resource(Sheet, acl=[*OPEN, (Allow, "role:staff", "view")])
    for model in (Step, Leaf, Label, Page, Loose, Slip, Tour, Branch):
        config.add_resource(model, acl=OPEN)


@contextmanager
def desk(url: str, include: Callable[[Configurator], None] | None = None, **settings: str) -> Iterator[Application]:
    """The application on an empty database.

    :param include: another plug-in, that subscribes to something.
    """
    plugins = ["rest", "transfer", __name__]
    if include is not None:
        plugins.append(f"{include.__module__}.{include.__qualname__}".removesuffix(".includeme"))
    with application(url, plugins, Kept.metadata, **{"rest.max_items": "20", **settings}) as made:
        with Session(made.database.engine) as session, session.begin():
            session.add_all([Team(name="blue"), Team(name="red"), Team(name="dark", closed=True)])
            session.add_all([Tag(number=number, private=number in (5, 50)) for number in (1, 2, 5, 10, 50)])
            session.add_all([Stop(line=line, place=place) for line in "ABX" for place in (1, 2)])
        yield made


def store(connection: sa.Connection, *records: Any) -> None:
    """Store records, past everything that is tested."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.add_all(records)
        session.commit()


def stored(connection: sa.Connection, model: type[Any], *names: str) -> list[tuple[Any, ...]]:
    """What is stored of a model, past everything that is tested."""
    columns: Sequence[Any] = [getattr(model, name) for name in names]
    return sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
