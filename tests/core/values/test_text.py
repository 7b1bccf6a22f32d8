"""Text in JSON and text without case: Python, PostgreSQL and SQLite do the same."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from colonnade.core.values import fold, fold_sql, json_string, storage_for, value_for

words = sa.Table(
    "words", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", storage_for(sa.Text()))
)
ALL = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
PEOPLE = [*"ÉéßẞİıiŉǆﬀﬃῼᾳÅÿა𐐨\u017f\u212a\u2126\u13a0", "Σσς"]


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        words.create(connection)
        yield connection
        connection.rollback()


def test_every_character_is_escaped_alike(connection: Connection) -> None:
    """All of Unicode, 64 characters a row."""
    rows = ["".join(ALL[start : start + 64]) for start in range(0, len(ALL), 64)]
    connection.execute(words.insert(), [{"id": i, "word": row} for i, row in enumerate(rows)])
    expression = value_for(words.c.word.type).json_sql(words.c.word, connection.dialect.name)
    assert expression is not None
    written = list(connection.scalars(sa.select(expression).order_by(words.c.id)))
    assert written == [json_string(row) for row in rows]
    assert [json.loads(text) for text in written] == rows
    assert connection.scalar(sa.select(sa.func.count()).where(words.c.word == rows[0])) == 1


def test_letters_are_folded_alike(connection: Connection) -> None:
    """Every letter that both know. Those of a newer version of Unicode are folded by the one that has it."""
    letters = [*PEOPLE, *(each for each in ALL if each != "|" and unicodedata.category(each) != "Cn")]
    rows = ["|".join(letters[start : start + 64]) for start in range(0, len(letters), 64)]
    connection.execute(words.insert(), [{"id": i, "word": row} for i, row in enumerate(rows)])
    statement = sa.select(fold_sql(words.c.word, connection.dialect.name)).order_by(words.c.id)
    came = "|".join(connection.scalars(statement)).split("|")
    assert {letter: (one, fold(letter)) for letter, one in zip(letters, came, strict=True) if one != fold(letter)} == {}


def test_folding_finds_what_people_call_the_same_word(connection: Connection) -> None:
    pairs = [("Straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("élan", "ÉLAN"), ("ŉ", "\u02bcN"), ("Äpfel", "äpfel")]
    connection.execute(words.insert(), [{"id": i, "word": word} for i, (word, _) in enumerate(pairs)])
    for i, (_, other) in enumerate(pairs):
        folded = fold_sql(words.c.word, connection.dialect.name)
        for condition in (folded == fold(other), folded.like(fold(other)[:3] + "%")):
            assert i in connection.scalars(sa.select(words.c.id).where(condition)).all()


def test_folding_leaves_null_and_what_is_no_text(connection: Connection) -> None:
    connection.execute(words.insert(), [{"id": 1, "word": None}])
    assert connection.scalar(sa.select(fold_sql(words.c.word, connection.dialect.name))) is None
    assert fold(b"\xff") == b"\xff"
    with pytest.raises(ValueError, match="mysql"):
        fold_sql(words.c.word, "mysql")
