"""An application of many resources, or of many routes, in a process of its own: what its start and its requests cost.

    python -m benchmarks.many resources|routes NUMBER FOLDER

It prints one line of JSON, for `growth`.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import json  # noqa: E402 the clock comes first
import logging  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import uuid  # noqa: E402
from datetime import date  # noqa: E402
from decimal import Decimal  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from pyramid.config import Configurator  # noqa: E402
from pyramid.request import Request  # noqa: E402
from pyramid.security import NO_PERMISSION_REQUIRED  # noqa: E402
from sqlalchemy import Boolean, Date, ForeignKey, Integer, Numeric, String, insert  # noqa: E402
from sqlalchemy.orm import mapped_column  # noqa: E402

from benchmarks.data import settings  # noqa: E402
from benchmarks.in_process import call, environ  # noqa: E402
from benchmarks.systems import resident_megabytes  # noqa: E402
from colonnade import ALL_PERMISSIONS, Allow, Everyone, Model, main  # noqa: E402
from colonnade.core.database import Database, database_of  # noqa: E402

CALLS = 200
ROUNDS = 7
WHAT, NUMBER = sys.argv[1], int(sys.argv[2])


def model(number: int) -> type[Model]:
    """A class with eight fields, one of them a reference to its own kind."""
    columns = {
        "__tablename__": f"thing{number}",
        "id": mapped_column(Integer, primary_key=True),
        "code": mapped_column(String(20), unique=True),
        "name": mapped_column(String(100), index=True),
        "amount": mapped_column(Numeric(12, 2)),
        "day": mapped_column(Date),
        "good": mapped_column(Boolean),
        "remark": mapped_column(String(200), nullable=True),
        "parent_id": mapped_column(ForeignKey(f"thing{number}.id"), nullable=True, index=True),
    }
    return type(f"Thing{number}", (Model,), columns)


def hello(request: Request) -> dict[str, str]:
    """A plain view."""
    return {"hello": "world"}


def includeme(config: Configurator) -> None:
    """As many resources or routes as were asked for, and one route at least."""
    config.add_plugin("many", summary="Many things")
    for number in range(1, NUMBER + 1) if WHAT == "resources" else ():
        config.add_resource(model(number), name=f"things-{number}", acl=[(Allow, Everyone, ALL_PERMISSIONS)])
    for number in range(1, NUMBER + 1) if WHAT == "routes" else (NUMBER,):
        config.add_route(f"hello-{number}", f"/hello-{number}")
        config.add_view(hello, route_name=f"hello-{number}", renderer="json", permission=NO_PERMISSION_REQUIRED)


def lay_down(database: Database) -> None:
    """The table of the last resource, with one row."""
    table = Model.metadata.tables[f"thing{NUMBER}"]
    row = {"id": 1, "code": "a", "name": "A", "amount": Decimal("1.50"), "day": date(2026, 1, 1), "good": True}
    with database.engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), row)


def cost(app: Any, path: str) -> float:
    """Microseconds of CPU for a request."""
    made = environ(path)
    call(app, made)
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call(app, made)
        taken.append((time.process_time() - start) / CALLS * 1e6)
    return statistics.median(taken)


def run(folder: Path) -> None:
    """Start, ask, and tell."""
    logging.disable(logging.INFO)
    file = folder / f"many_{uuid.uuid4().hex}.sqlite"
    began = time.perf_counter()
    app: Any = main({}, **settings(f"sqlite:///{file}", ("rest", "openapi", __name__)))
    now = time.perf_counter()
    told = {"main": now - began, "start": now - BEGAN, "resident": resident_megabytes(os.getpid())}
    if WHAT == "resources":
        lay_down(database_of(app.registry))
        told["one"] = cost(app, f"/api/v1/things-{NUMBER}/1")
    told["plain"] = cost(app, f"/hello-{NUMBER}")
    print(json.dumps(told))


if __name__ == "__main__":
    run(Path(sys.argv[3]))
