"""What a declaration says of a model, and what is refused or warned of at start."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from annotated_types import Ge
from pydantic import Field as Constraint
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, column_property, mapped_column, relationship

from colonnade import Allow, Everyone, rows
from colonnade.core.resources import Resource, Resources, resources_of
from colonnade.core.resources.mapping import fields_of, unique_sets

Age = Annotated[int, Constraint(ge=0, description="In years")]
ANYONE = [(Allow, Everyone, "view")]


def declared(*models: type[Any], **options: Any) -> Resources:
    """The resources of an application with these models."""
    config = Configurator()
    for room in ("colonnade.core.policy", "colonnade.core.resources"):
        config.include(room)
    config.commit()

    def includeme(config: Configurator) -> None:
        for model in models:
            config.add_resource(model, **{"acl": ANYONE, **options})

    config.include(includeme)
    config.commit()
    return resources_of(config.registry)


def only(*models: type[Any], **options: Any) -> Resource:
    """The first of these models as a resource."""
    return next(iter(declared(*models, **options).values()))


def base() -> type[DeclarativeBase]:
    """A base of its own for each test."""

    class Base(DeclarativeBase):
        pass

    return Base


def family(**child: Any) -> tuple[type[Any], type[Any]]:
    """A parent with many children; `child` is more of the child's class body."""
    own = base()
    names = {
        "__tablename__": "child",
        "id": mapped_column(sa.Integer, primary_key=True),
        "parent_id": mapped_column(ForeignKey("parent.id")),
    }
    child_class = type("Child", (own,), {**names, **child})
    parent = {"__tablename__": "parent", "id": mapped_column(sa.Integer, primary_key=True)}
    parent_class = type("Parent", (own,), {**parent, "children": relationship(child_class)})
    return parent_class, child_class


# -- Fields


def test_fields_are_what_the_mapping_says() -> None:
    class Thing(base()):  # type: ignore[misc]
        """A thing.

        More about it.
        """

        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column("thing_name", doc="What it is called")
        size: Mapped[Annotated[int, Ge(1)]] = mapped_column(default=3)
        weight: Mapped[int | None] = mapped_column(comment="In grams")
        double: Mapped[int] = mapped_column(sa.Computed("size * 2"))
        made: Mapped[str] = mapped_column(server_default="now")
        code: Mapped[str] = mapped_column(unique=True)
        age: Mapped[Age]
        _hidden: Mapped[int | None]
        shout = column_property(sa.func.upper(name))

    resource = only(Thing)
    fields = resource.fields
    assert resource.summary == "A thing"
    assert sorted(fields) == sorted(["id", "name", "size", "weight", "double", "made", "code", "age", "shout"])
    assert [name for name, field in fields.items() if field.key] == ["id"]
    assert {name for name, field in fields.items() if field.generated} == {"id", "double", "shout"}
    assert [name for name, field in fields.items() if field.required] == ["name", "code", "age"]
    assert {name for name, field in fields.items() if field.nullable} == {"weight", "shout"}
    assert [name for name, field in fields.items() if field.unique] == ["id", "code"]
    described = {"name": "What it is called", "weight": "In grams", "age": "In years"}
    assert {name: field.description for name, field in fields.items() if field.description} == described
    assert (fields["size"].default, fields["size"].constraints) == (3, (Ge(1),))


def test_a_key_that_joined_tables_share_is_one_field() -> None:
    own = base()

    class Vehicle(own):  # type: ignore[valid-type,misc]
        __tablename__ = "vehicle"
        id: Mapped[int] = mapped_column(primary_key=True)
        plate: Mapped[str] = mapped_column(unique=True)

    class Truck(Vehicle):
        __tablename__ = "truck"
        id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
        load: Mapped[int]
        __table_args__ = (UniqueConstraint("load"),)

    truck = only(Truck)
    assert [(field.name, field.generated, field.required) for field in truck.key] == [("id", True, False)]
    assert set(truck.fields) == {"id", "plate", "load"}
    assert set(unique_sets(truck.mapper)) == {frozenset({"id"}), frozenset({"plate"}), frozenset({"load"})}


def test_a_partial_or_computed_index_promises_nothing() -> None:
    class Thing(base()):  # type: ignore[misc]
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        one: Mapped[str]
        two: Mapped[str]
        __table_args__ = (
            Index("a", "one", unique=True, postgresql_where=sa.text("one > ''")),
            Index("b", sa.text("lower(two)"), unique=True),
            Index("c", "one", "two", unique=True),
        )

    assert set(unique_sets(sa.inspect(Thing))) == {frozenset({"id"}), frozenset({"one", "two"})}


def test_a_class_that_is_not_mapped_or_has_a_bad_name_or_no_policy_is_refused() -> None:
    parent, _ = family()
    for model, options, said in (
        (dict, {}, "takes a class that SQLAlchemy maps"),
        (parent, {"name": "Parents!"}, "no name for a resource"),
        (parent, {"acl": None}, "has no policy"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            declared(model, **options)


# -- Relations


def test_relations_lead_to_declared_resources_only() -> None:
    parent, child = family()
    assert only(parent).relations == {}
    relation = declared(parent, child)["parents"].relations["children"]
    assert (relation.many, relation.remote, relation.target.model) == (True, ("parent_id",), child)


@pytest.mark.parametrize("unique", [True, False])
def test_a_relation_to_one_has_to_be_promised_by_the_database(unique: bool) -> None:
    own = base()

    class Parent(own):  # type: ignore[valid-type,misc]
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        child: Mapped[Child] = relationship(back_populates="parent")

    class Child(own):  # type: ignore[valid-type,misc]
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"), unique=unique)
        parent: Mapped[Parent] = relationship(back_populates="child")

    own.registry._class_registry.update(Parent=Parent, Child=Child)
    if unique:
        assert not declared(Parent, Child)["parents"].relations["child"].many
    else:
        with pytest.raises(ConfigurationError, match=r"declare child.parent_id unique"):
            declared(Parent, Child)


def test_so_has_one_by_a_join_of_ones_own() -> None:
    own = base()

    class City(own):  # type: ignore[valid-type,misc]
        __tablename__ = "city"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Person(own):  # type: ignore[valid-type,misc]
        __tablename__ = "person"
        id: Mapped[int] = mapped_column(primary_key=True)
        city_name: Mapped[str]
        city = relationship(City, primaryjoin="foreign(Person.city_name) == City.name", viewonly=True)

    with pytest.raises(ConfigurationError, match=r"Person.city leads to one .*City .*declare city.name unique"):
        declared(Person, City)


def test_a_relation_by_a_column_that_is_not_mapped_is_refused() -> None:
    own = base()
    table = sa.Table("child", own.metadata, sa.Column("id", sa.Integer, primary_key=True))
    table.append_column(sa.Column("parent_id", ForeignKey("parent.id")))
    child = type("Child", (own,), {"__table__": table, "__mapper_args__": {"exclude_properties": ["parent_id"]}})
    body = {
        "__tablename__": "parent",
        "id": mapped_column(sa.Integer, primary_key=True),
        "children": relationship(child),
    }
    parent = type("Parent", (own,), body)
    with pytest.raises(
        ConfigurationError, match=r"Parent.children goes by the column child.parent_id, which Child does"
    ):
        declared(parent, child)


@pytest.mark.parametrize(
    "promise", [None, UniqueConstraint("a", "b"), Index("i", "a", "b", unique=True), Index("i", "a")]
)
def test_a_table_between_may_hold_a_pair_twice_unless_the_database_promises(promise: Any) -> None:
    own = base()
    more = () if promise is None else (promise,)
    columns = (sa.Column("a", ForeignKey("one.id")), sa.Column("b", ForeignKey("one.id")))
    between = sa.Table("link", own.metadata, *columns, *more)

    class One(own):  # type: ignore[valid-type,misc]
        __tablename__ = "one"
        id: Mapped[int] = mapped_column(primary_key=True)
        others = relationship(
            "One", secondary=between, primaryjoin=id == between.c.a, secondaryjoin=id == between.c.b, viewonly=True
        )

    unique = isinstance(promise, UniqueConstraint) or getattr(promise, "unique", False)
    assert only(One).relations["others"].repeats is not bool(unique)


def test_the_types_of_a_foreign_table_are_those_of_its_database() -> None:
    class Thing(base()):  # type: ignore[misc]
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)

    mapper = sa.inspect(Thing)
    assert fields_of(mapper, "sqlite")["id"].value.parse(2**40) == 2**40
    for dialect_name in ("postgresql", None):
        with pytest.raises(ValueError, match="out of range"):
            fields_of(mapper, dialect_name)["id"].value.parse(2**40)


# -- Conditions


def test_a_condition_that_names_another_table_is_refused() -> None:
    parent, child = family(age=mapped_column(sa.Integer))
    other = aliased(parent)
    good: tuple[Any, ...] = (
        parent.id == 1,
        parent.children.any(child.age > 1),
        parent.id.in_(sa.select(child.parent_id)),
        sa.exists().where(child.parent_id == parent.id),
        sa.select(other.id).where(other.id > parent.id).exists(),
    )
    for condition in good:
        only(parent, acl=[(Allow, rows(condition), "view")])
    for condition in (child.age > 1, sa.and_(parent.id == child.parent_id, child.age > 1), other.id == 1):
        with pytest.raises(ConfigurationError, match="only a row of Parent is at hand"):
            only(parent, acl=[(Allow, rows(condition), "view")])


# -- Indexes


@pytest.mark.parametrize(
    "indexes,warned",
    [
        ((), True),
        ((Index("i", "parent_id"),), True),
        ((Index("i", "id", "parent_id"),), True),
        ((Index("i", "parent_id", "id", postgresql_where=sa.text("id > 1")),), True),
        ((Index("i", "parent_id", "id"),), False),
        ((Index("i", "parent_id", "id", "age"),), False),
        ((UniqueConstraint("parent_id", "id"),), False),
    ],
)
def test_a_missing_index_is_warned_of(caplog: pytest.LogCaptureFixture, indexes: tuple[Any, ...], warned: bool) -> None:
    parent, child = family(__table_args__=indexes, age=mapped_column(sa.Integer))
    with caplog.at_level(logging.WARNING, "colonnade.resources"):
        declared(parent, child)
    said = [record.getMessage() for record in caplog.records]
    if warned:
        assert len(said) == 1
        assert "Parent.children will be slow: no index of child begins with parent_id, id" in said[0]
        assert "Index('ix_child_parent_id_id', 'parent_id', 'id')" in said[0]
    else:
        assert said == []


def test_each_side_of_many_to_many_wants_an_index_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    own = base()
    link = sa.Table(
        "link",
        own.metadata,
        sa.Column("one_id", ForeignKey("one.id"), primary_key=True),
        sa.Column("other_id", ForeignKey("other.id"), primary_key=True),
    )

    class One(own):  # type: ignore[valid-type,misc]
        __tablename__ = "one"
        id: Mapped[int] = mapped_column(primary_key=True)
        others = relationship("Other", secondary=link, back_populates="ones")

    class Other(own):  # type: ignore[valid-type,misc]
        __tablename__ = "other"
        id: Mapped[int] = mapped_column(primary_key=True)
        ones = relationship("One", secondary=link, back_populates="others")

    with caplog.at_level(logging.WARNING, "colonnade.resources"):
        declared(One, Other)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "Other.ones will be slow: no index of link begins with other_id" in said
    Index("helps", link.c.other_id)
    caplog.clear()
    declared(One, Other)
    assert not caplog.records
