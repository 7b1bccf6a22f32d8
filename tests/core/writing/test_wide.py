"""Records of many fields: a statement that writes their text is not nested as deep as they are wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade import ALL_PERMISSIONS, Allow
from colonnade.core.changes import log_of
from tests.harness.applications import Application, application
from tests.harness.databases import Databases
from tests.harness.stored import TYPES, stored_metadata

WIDTHS = (35, 70, 300)


class Stored(DeclarativeBase):
    metadata = stored_metadata()
    type_annotation_map = TYPES


def _wide(width: int) -> Any:
    columns = {f"n{index}": mapped_column(nullable=True) for index in range(width)}
    types = {"id": Mapped[int], **dict.fromkeys(columns, Mapped[int | None])}
    given = {"__tablename__": f"wide_{width}", "__annotations__": types, "id": mapped_column(primary_key=True)}
    return type(f"Wide{width}", (Stored,), {**given, **columns, "__module__": __name__})


MODELS = {width: _wide(width) for width in WIDTHS}


def includeme(config: Configurator) -> None:
    config.add_plugin("wide", summary="For tests")
    for width, model in MODELS.items():
        config.add_resource(model, name=f"wide{width}", acl=[(Allow, "role:hr", ALL_PERMISSIONS)])


@pytest.fixture(scope="module", params=["with a log", "without"])
def wide(request: pytest.FixtureRequest, databases: Databases, dialect_name: str) -> Iterator[Application]:
    plugins = ("accounts", "rest", *(["history"] if request.param == "with a log" else []), __name__)
    with databases.empty(dialect_name) as url, application(url, plugins, Stored.metadata) as made:
        yield made


@pytest.mark.parametrize("width", WIDTHS)
def test_a_wide_record_is_created_changed_and_read(wide: Application, width: int) -> None:
    with wide.undone() as connection:
        hr = wide.client(connection, "hr")
        made = hr.post_json(f"/api/v1/wide{width}", {f"n{index}": index for index in range(0, width, 2)}, status=201)
        assert len(made.json) == width + 1
        assert made.body == hr.get(made.headers["Location"]).body
        changed = hr.patch_json(made.headers["Location"], {"n1": 7})
        assert changed.json == {**made.json, "n1": 7}
        if log_of(wide.registry) is not None:
            assert len(hr.get(f"{made.headers['Location']}/history").json["data"]) == 2
