"""What setup.cfg's contracts between the rooms cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src/colonnade"

#: Methods of sessions, connections and cursors that send a statement to the database.
SENDING = {"exec_driver_sql", "execute", "executemany", "scalar", "scalars", "stream"}


def sent_by(code: str) -> Iterator[str]:
    """The calls that send a statement; `result.scalars()`, which only reads an answer, has no argument."""
    for node in ast.walk(ast.parse(code)):
        method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if method in SENDING and node.args:
            yield f"line {node.lineno}: {ast.unparse(node)}"


def test_only_the_database_room_executes_a_statement() -> None:
    rooms_that_may = (SOURCE / "core/database", SOURCE / "testing")
    offenders = [
        f"{path.relative_to(SOURCE)}, {call}"
        for path in SOURCE.rglob("*.py")
        if not any(path.is_relative_to(room) for room in rooms_that_may)
        for call in sent_by(path.read_text(encoding="utf-8"))
    ]
    assert offenders == [], "build the statement, and let colonnade.core.database execute it"


@pytest.mark.parametrize("code", ["session.execute(s)", "c.exec_driver_sql('x')", "s.scalars(select(X)).all()"])
def test_an_execution_is_noticed(code: str) -> None:
    assert list(sent_by(code))


@pytest.mark.parametrize("code", ["execute(session, statement).scalars()", "read.fetch(prepared, {})", "rows.scalar()"])
def test_reading_an_answer_is_no_execution(code: str) -> None:
    assert not list(sent_by(code))
