"""Fields and relations, read off a mapped class, whatever its base."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

import sqlalchemy as sa
from pydantic.fields import FieldInfo
from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import ColumnProperty, Mapped, Mapper, RelationshipProperty
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.orm.interfaces import MANYTOONE, ONETOMANY
from sqlalchemy.sql.operators import and_, eq

from colonnade.core.values import value_for

from .resource import Field, Relation, Resource, Resources


def fields_of(mapper: Mapper[Any], dialect_name: str | None = None) -> dict[str, Field]:
    """The fields of a mapped class, by attribute name, in declared order.

    :param dialect_name: of the database, if it is known: an INTEGER of SQLite has 64 bits, a type with variants is one
        of them.
    :raises ConfigurationError: if the class has no primary key among its attributes.
    """
    unique = frozenset(next(iter(names)) for names in unique_sets(mapper) if len(names) == 1)
    fields = {
        prop.key: _field(mapper, prop, unique, dialect_name)
        for prop in mapper.column_attrs
        if not prop.key.startswith("_")
    }
    keys = {mapper.get_property_by_column(column).key for column in mapper.primary_key}
    if not keys <= set(fields):
        raise ConfigurationError(
            f"{mapper.class_.__qualname__}: the key {', '.join(sorted(keys))} must be an attribute"
        )
    return fields


def _field(mapper: Mapper[Any], prop: ColumnProperty[Any], unique: frozenset[str], dialect_name: str | None) -> Field:
    column = prop.columns[0]
    parts = [each for each in prop.columns if isinstance(each, sa.Column)]  # several for what joined tables share
    value = value_for(column.type, dialect_name)
    if not isinstance(column, sa.Column):
        return Field(prop.key, value, column, nullable=True, generated=True, description=prop.doc or "")
    key = any(each in mapper.primary_key for each in parts)
    computed = column.computed is not None
    serial = key and any(map(_database_makes, parts))
    mapped = any(_mapping_makes(mapper, each) for each in parts)
    default = column.default
    constant = default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else None
    has_default = default is not None or column.server_default is not None or column.identity is not None
    constraints = _constraints(mapper.class_, prop.key)
    return Field(
        prop.key,
        value,
        column,
        nullable=bool(column.nullable),
        key=key,
        generated=computed or serial or mapped,
        required=not (column.nullable or has_default or computed or serial or mapped),
        default=constant,
        made=has_default and constant is None,
        unique=prop.key in unique,
        secret=any(each.info.get("secret", False) for each in parts),
        personal=any(each.info.get("personal", False) for each in parts),
        description=(prop.doc or column.doc or column.comment or _described(constraints) or "").strip(),
        constraints=constraints,
    )


def _database_makes(column: sa.Column[Any]) -> bool:
    """Tell whether a key column is drawn by the database: an identity, a serial, SQLite's rowid."""
    if column.identity is not None or column.server_default is not None:
        return True
    table = column.table
    return column.default is None and isinstance(table, sa.Table) and table.autoincrement_column is column


def _mapping_makes(mapper: Mapper[Any], column: sa.Column[Any]) -> bool:
    """Tell whether the ORM gives a column its value: which class a row is of, which version of it this is."""
    if column is mapper.polymorphic_on:
        return mapper.polymorphic_identity is not None
    return column is mapper.version_id_col and mapper.version_id_generator is not False


def unique_sets(mapper: Mapper[Any]) -> tuple[frozenset[str], ...]:
    """The sets of attributes of which the database promises that no two rows share the values, the key's first."""
    sets = [frozenset(mapper.primary_key)]
    for table in own_tables(mapper):
        if isinstance(table, sa.Table):
            sets += map(frozenset, _promises(table))
    names: dict[Any, str] = {column: prop.key for prop in mapper.column_attrs for column in prop.columns}
    named = (frozenset(names[column] for column in columns) for columns in sets if columns <= names.keys())
    return tuple(dict.fromkeys(named))


def _promises(table: sa.Table) -> Iterator[Iterable[Any]]:
    """The sets of columns that no two rows of a table share, by its constraints and indexes."""
    if len(table.primary_key.columns):
        yield table.primary_key.columns
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield constraint.columns
    for index in table.indexes:
        partial = any(options.get("where") is not None for options in map(dict, index.dialect_options.values()))
        plain = [column for column in index.expressions if isinstance(column, sa.Column)]
        if index.unique and not partial and len(plain) == len(index.expressions):
            yield plain


def own_tables(mapper: Mapper[Any]) -> frozenset[sa.FromClause]:
    """What a class is mapped to: its table and those that it inherits; or the subquery or the members of a join."""
    found: set[sa.FromClause] = set()
    for each in mapper.iterate_to_root():
        found |= _members(each.local_table)
    return frozenset(found)


def _members(selectable: sa.FromClause) -> set[sa.FromClause]:
    if isinstance(selectable, sa.Join):
        return _members(selectable.left) | _members(selectable.right)
    return {selectable}


def _constraints(cls: type[Any], name: str) -> tuple[object, ...]:
    """The constraints in ``Mapped[Annotated[int, Field(ge=16)]]``, of annotated-types or pydantic.

    Read attribute by attribute: the hints of a whole class fail on the first forward reference.
    """
    for owner in cls.__mro__:
        annotation = inspect.get_annotations(owner).get(name)
        if annotation is None:
            continue
        if isinstance(annotation, str):
            if "Annotated" not in annotation and not _names_an_alias(owner, annotation):
                return ()
            annotation = _evaluated(owner, name, annotation)
        return tuple(_metadata(annotation))
    return ()


def _names_an_alias(owner: type[Any], annotation: str) -> bool:
    """Tell whether an annotation names something that is Annotated in its module."""
    names = vars(sys.modules[owner.__module__])
    words = "".join(sign if sign.isidentifier() or sign.isdigit() else " " for sign in annotation).split()
    return any(get_origin(names.get(word)) is Annotated for word in words)


def _evaluated(owner: type[Any], name: str, annotation: str) -> object:
    names = {"Mapped": Mapped, "Annotated": Annotated, **vars(sys.modules[owner.__module__])}
    try:
        return eval(annotation, names, dict(vars(owner)))  # noqa: S307 - the module's own annotation
    except NameError as error:
        raise ConfigurationError(
            f"{owner.__qualname__}.{name}: the annotation {annotation} names {error.name!r}, which its module does "
            "not import at run time, so its constraints cannot be read"
        ) from error


def _metadata(annotation: object) -> Iterable[object]:
    if get_origin(annotation) is Annotated:
        _, *metadata = get_args(annotation)
        yield from (each for each in metadata if _is_constraint(each))
        yield from _metadata(get_args(annotation)[0])
    elif get_origin(annotation) is not None:
        for each in get_args(annotation):
            yield from _metadata(each)


def _is_constraint(each: object) -> bool:
    return isinstance(each, FieldInfo) or type(each).__module__.split(".")[0] in ("annotated_types", "pydantic")


def _described(constraints: Iterable[object]) -> str:
    return next((each.description for each in constraints if isinstance(each, FieldInfo) and each.description), "")


def relations_of(resource: Resource, resources: Resources) -> dict[str, Relation]:
    """The relations of a resource to other resources, by attribute name; one to an undeclared model is none.

    :raises ConfigurationError: for a to-one relation of which the database does not promise that it is to one.
    """
    found = {}
    for prop in resource.mapper.relationships:
        target = resources.of_model(prop.mapper.class_)
        if target is not None and not prop.key.startswith("_"):
            found[prop.key] = _relation(resource, target, prop)
    return found


def _relation(source: Resource, target: Resource, prop: RelationshipProperty[Any]) -> Relation:
    _check_mapped(source, prop)
    pairs = prop.local_remote_pairs or ()
    local = _names(source, (pair[0] for pair in pairs)) if prop.direction is MANYTOONE else ()
    remote = _names(target, (pair[1] for pair in pairs)) if prop.direction is ONETOMANY else ()
    if not prop.uselist and not _leads_to_one(target, prop):
        raise ConfigurationError(
            f"{source.where}: {source.model.__qualname__}.{prop.key} leads to one {target.model.__qualname__} "
            "(uselist=False), but the database does not promise that there is one only: "
            + (
                "leave out uselist=False"
                if prop.secondary is not None
                else f"declare {', '.join(str(pair[1]) for pair in pairs)} unique"
            )
        )
    return Relation(
        prop.key,
        source,
        target,
        many=bool(prop.uselist),
        local=local,
        remote=remote,
        secondary=prop.secondary is not None,
        repeats=_repeats(prop),
        by_keys=isinstance(prop.secondary, sa.Table) and not prop.viewonly,
        nullable=not local or any(source.fields[name].nullable for name in local),
        description=prop.doc or "",
    )


def _repeats(prop: RelationshipProperty[Any]) -> bool:
    """Tell whether a table between might hold a pair of rows twice."""
    if not isinstance(prop.secondary, sa.Table):
        return prop.secondary is not None
    pair = {each[1] for each in (*prop.synchronize_pairs, *(prop.secondary_synchronize_pairs or ()))}
    return not any(set(each) <= pair for each in _promises(prop.secondary))


def _leads_to_one(target: Resource, prop: RelationshipProperty[Any]) -> bool:
    """Tell whether the columns that have to be equal identify a row of the target."""
    if prop.secondary is not None:
        return False
    pairs = {frozenset(pair): pair[1] for pair in prop.local_remote_pairs or ()}
    join = prop.primaryjoin
    conditions = join.clauses if isinstance(join, sa.BooleanClauseList) and join.operator is and_ else (join,)
    equal = [
        pairs.get(frozenset((each.left, each.right)))
        for each in conditions
        if isinstance(each, sa.BinaryExpression) and each.operator is eq
    ]
    names = {target.mapper.get_property_by_column(column).key for column in equal if column is not None}
    return any(unique <= names for unique in unique_sets(target.mapper))


def _names(resource: Resource, columns: Iterable[Any]) -> tuple[str, ...]:
    names = (resource.mapper.get_property_by_column(column).key for column in columns)
    return tuple(name for name in names if name in resource.fields)


def _check_mapped(source: Resource, prop: RelationshipProperty[Any]) -> None:
    for mapper, columns in ((source.mapper, prop.local_columns), (prop.mapper, prop.remote_side)):
        for column in columns:
            if prop.secondary is not None and column.table is prop.secondary:
                continue
            try:
                mapper.get_property_by_column(column)
            except UnmappedColumnError:
                raise ConfigurationError(
                    f"{source.where}: {source.model.__qualname__}.{prop.key} goes by the column {column}, which "
                    f"{mapper.class_.__qualname__} does not map"
                ) from None
