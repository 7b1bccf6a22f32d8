"""What a caller is told when the database refuses: the field and the rule, never the database's words."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    UniqueConstraint,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from colonnade.core.database import Database, execute, flush, problem_of, translated
from colonnade.core.problems import Conflict, Problem, Unprocessable
from tests.core.database.conftest import MakeApp, Person, Team

PERSON = inspect(Person)


def refused(database: Database, *statements: Any, mapper: Any = PERSON) -> Problem:
    """The problem that the last of some statements is."""
    *before, last = statements
    with database.sessions() as session:
        for statement in before:
            execute(session, statement, mapper=mapper)
        with pytest.raises(Problem) as raised:
            execute(session, last, mapper=mapper)
    assert raised.value.__cause__ is not None
    return raised.value


def faults(problem: Problem) -> list[tuple[str | None, str | None]]:
    """Where, and what kind."""
    return [(fault.pointer, fault.code) for fault in problem.faults]


PERSONS = insert(Person)


def test_a_taken_value_names_its_field(database: Database) -> None:
    problem = refused(database, PERSONS.values(mail="a@b", last_name="A"), PERSONS.values(mail="a@b", last_name="B"))
    assert isinstance(problem, Conflict)
    assert faults(problem) == [("/mail", "taken")]
    assert str(problem) == "mail is already taken."


def test_a_taken_combination_names_its_fields(database: Database) -> None:
    names = {"first_name": "Ann", "last_name": "Lee"}
    problem = refused(database, PERSONS.values(**names), PERSONS.values(**names))
    assert isinstance(problem, Conflict)
    assert faults(problem) == [("/first_name", "taken"), ("/last_name", "taken")]
    assert problem.faults[0].detail == "first_name and last_name together are already taken."


def test_a_taken_key_names_it(database: Database) -> None:
    problem = refused(database, PERSONS.values(id=1), PERSONS.values(id=1, last_name="B"))
    assert (problem.status, faults(problem)) == (409, [("/id", "taken")])


def test_a_missing_value_names_its_field(database: Database) -> None:
    problem = refused(database, PERSONS.values(id=1), update(Person).values(first_name=None))
    assert isinstance(problem, Unprocessable)
    assert faults(problem) == [("/first_name", "required")]


def test_a_reference_to_nothing_is_unprocessable(database: Database, dialect_name: str) -> None:
    for statements in ([PERSONS.values(id=1, team_id=7)], [PERSONS.values(id=1), update(Person).values(team_id=7)]):
        problem = refused(database, *statements)
        assert isinstance(problem, Unprocessable)
        # SQLite does not tell which reference it was.
        assert faults(problem) == ([("/team_id", "unknown_reference")] if dialect_name == "postgresql" else [])


def test_deleting_what_is_referred_to_is_a_conflict(database: Database) -> None:
    problem = refused(database, insert(Team).values(id=1), PERSONS.values(id=1, team_id=1), delete(Team))
    assert (problem.status, problem.slug, faults(problem)) == (409, "still-referred-to", [])


def test_a_broken_check_is_named_as_its_author_named_it(database: Database) -> None:
    problem = refused(database, PERSONS.values(age=-1))
    assert isinstance(problem, Unprocessable)
    assert str(problem) == "The rule age_positive does not hold."
    assert faults(problem) == []  # written as text, it does not tell its columns


def test_a_broken_check_names_its_field_where_it_is_about_one(own_database: Database) -> None:
    Odd.metadata.create_all(own_database.engine)
    problem = refused(own_database, insert(Thing).values(size=-1), mapper=inspect(Thing))
    assert (str(problem), faults(problem)) == ("The rule size_positive does not hold.", [("/size", "check")])


def test_what_the_database_says_is_shown_to_nobody(database: Database) -> None:
    hidden = "hidden value"
    for statements in (
        [PERSONS.values(mail=hidden, last_name="A"), PERSONS.values(mail=hidden, last_name="B")],
        [PERSONS.values(id=1, first_name=hidden), update(Person).values(age=-1)],
        [PERSONS.values(id=1, first_name=hidden), update(Person).values(first_name=None)],
    ):
        problem = refused(database, *statements)
        told = " ".join([str(problem), *(fault.detail for fault in problem.faults)])
        assert hidden not in told
        assert "constraint" not in told.lower()


def test_without_the_class_the_field_is_named_but_nothing_is_pointed_at(database: Database) -> None:
    problem = refused(database, insert(Team).values(id=1), insert(Team).values(id=1), mapper=None)
    assert (problem.status, problem.faults) == (409, ())


def test_a_rule_of_another_class_of_the_same_flush_is_not_pointed_at_in_the_body(database: Database) -> None:
    problem = refused(database, insert(Team).values(id=1), insert(Team).values(id=1))
    assert (str(problem), problem.faults) == ("id is already taken.", ())


def test_the_flush_of_a_session_is_translated(database: Database) -> None:
    with database.sessions() as session:
        session.add_all([Person(mail="a@b", last_name="A"), Person(mail="a@b", last_name="B")])
        with pytest.raises(Conflict, match="mail is already taken"):
            flush(session, PERSON)


def test_a_column_longer_than_its_type_is_unprocessable(database: Database, dialect_name: str) -> None:
    if dialect_name == "sqlite":
        return  # it keeps whatever length
    assert isinstance(refused(database, PERSONS.values(mail="x" * 51)), Unprocessable)
    assert isinstance(refused(database, PERSONS.values(mail="\0")), Unprocessable)


class Odd(DeclarativeBase):
    """A base whose rules have no names, or too long ones."""

    metadata = MetaData(
        naming_convention={"ix": "a_name_that_is_far_longer_than_%(table_name)s_and_sixty_three_%(column_0_name)s"}
    )


class Thing(Odd):
    """Rules that PostgreSQL has to name by itself."""

    __tablename__ = "thing"
    __table_args__ = (
        UniqueConstraint("one", "two"),
        CheckConstraint("one <> 'x'"),
        Index("by_expression", func.lower(text("four")), unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    one: Mapped[str | None] = mapped_column(String)
    two: Mapped[str | None] = mapped_column(String)
    three: Mapped[str | None] = mapped_column(String, unique=True, index=True)
    four: Mapped[str | None] = mapped_column(String)
    size: Mapped[int | None]
    owner = Column("owner ID", ForeignKey("thing.id"))


Thing.__table__.append_constraint(CheckConstraint(Thing.__table__.c.size > 0, name="ck_thing_size_positive"))


@pytest.mark.parametrize(
    "values, pointers",
    [
        ({"one": "a", "two": "b"}, ["/one", "/two"]),
        ({"three": "a"}, ["/three"]),
        ({"id": 1}, ["/id"]),
    ],
)
def test_rules_without_a_name_are_told_by_the_one_they_got(
    own_database: Database, values: dict[str, Any], pointers: list[str]
) -> None:
    Odd.metadata.create_all(own_database.engine)
    problem = refused(own_database, *[insert(Thing).values(**values)] * 2, mapper=inspect(Thing))
    assert [fault.pointer for fault in problem.faults] == pointers


def test_rules_that_name_no_column_are_told_without_one(own_database: Database) -> None:
    Odd.metadata.create_all(own_database.engine)
    problem = refused(own_database, *[insert(Thing).values(four="a")] * 2, mapper=inspect(Thing))
    assert (problem.status, problem.faults) == (409, ())
    problem = refused(own_database, insert(Thing).values(one="x"), mapper=inspect(Thing))
    assert (problem.status, problem.faults) == (422, ())
    assert "<>" not in str(problem)


def test_a_column_with_an_odd_name_is_found(own_database: Database) -> None:
    Odd.metadata.create_all(own_database.engine)
    problem = refused(own_database, insert(Thing).values({"owner ID": 9}), mapper=inspect(Thing))
    assert problem.status == 422


def test_a_record_that_somebody_else_deleted_is_a_conflict(database: Database) -> None:
    with database.sessions.begin() as session:
        session.add(Person(id=1))
    with database.sessions() as session:
        person = session.get_one(Person, 1)
        with Session(session.connection()) as elsewhere:
            elsewhere.execute(delete(Person))
        person.age = 7
        with pytest.raises(Conflict, match="same time") as raised:
            flush(session)
    assert isinstance(raised.value.__cause__, StaleDataError)


def test_errors_that_are_none_of_the_database_pass_through() -> None:
    assert problem_of(LookupError("no")) is None
    with pytest.raises(LookupError), translated():
        raise LookupError("no")
    with pytest.raises(Unprocessable, match="ours"), translated():
        raise Unprocessable("ours")


def test_a_request_that_nobody_guards_is_answered_all_the_same(database: Database, make_app: MakeApp) -> None:
    def add(request: Any) -> str:
        request.dbsession.execute(PERSONS.values(id=1, mail="a@b"))
        return "added"

    def wrong(request: Any) -> str:
        return str(request.dbsession.execute(select(func.no_such_function(1, type_=Integer))).all())

    app = make_app(database, add=add, wrong=wrong)
    app.post("/add", status=200)
    answer = app.post("/add", status=409)
    assert answer.content_type == "application/problem+json"
    assert "already taken" in answer.json["detail"]
    assert "no_such_function" not in app.post("/wrong", status=500).text
    with database.read() as connection:
        assert connection.rows(select(func.count()).select_from(Person)) == [(1,)]
