"""The floor answers as the product does, by the statements that were taken down from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import floor
from benchmarks.answers import bearer, filled
from benchmarks.application import make
from benchmarks.data import filled_database, plain
from benchmarks.in_process import call, environ
from benchmarks.recording import record
from benchmarks.works import OURS, WORKS
from colonnade.core.database import database_of

#: As many as the works ask for.
EMPLOYEES = 50_000
#: What each record that is written has of its own.
OWN = ("id", "number", "email", "title")


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_the_floor_answers_as_the_product_does(dialect_name: str, tmp_path: Path) -> None:
    with filled_database(dialect_name, tmp_path, EMPLOYEES) as (url, tokens):
        programs = record(url, tokens)
        assert {"list", "one", "create", "patch", "policy"} <= programs.keys()
        product: Any = make(url)
        bare = floor.make(programs, plain(url))
        for work in WORKS:
            if work.name not in programs or work.user is None:
                continue
            answers = []
            for number, app in ((910_001, product), (910_002, bare)):
                body = filled(work.body, number, 7)
                sent = environ(filled(OURS[work.name], number, 7), work.method, body, bearer(tokens[work.user]))
                answers.append(_lasting(json.loads(call(app, sent)), () if work.method == "GET" else OWN))
            assert answers[0] == answers[1], work.name
        database_of(product.registry).dispose()


def _lasting(answer: dict[str, Any], own: tuple[str, ...]) -> Any:
    """The records of an answer, without these members."""
    return answer["data"] if "data" in answer else {name: answer[name] for name in answer if name not in own}
