"""A statement that SQLAlchemy compiled once, ready for the driver's own cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BindParameter, ClauseElement, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from colonnade.core.values import Storage, prepare_dialect

_REQUIRED: Final = object()
_Process = Callable[[Any], Any]

#: The placeholders that each driver's fastest cursor takes: psycopg's RawCursor the server's own, sqlite3 question
#: marks.
_PARAMSTYLE: Final = {"sqlite": "qmark", "postgresql": "numeric_dollar"}


@dataclass(frozen=True, slots=True)
class _Argument:
    """A place of the statement that is filled at each execution.

    null_stays: whether a null is bound as it is, unprocessed.
    """

    place: int
    name: str
    process: _Process | None
    default: object
    null_stays: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The text of a statement, and how its arguments are made.

    text: SQL with the driver's placeholders: ``?`` on SQLite, ``$1`` on PostgreSQL.
    parameters: the names that :meth:`arguments` asks for, without those that have a value of their own.
    query: the text as PostgreSQL is sent it.
    """

    text: str
    parameters: frozenset[str]
    query: bytes = field(repr=False)
    _fixed: tuple[object, ...] = field(repr=False)
    _open: tuple[_Argument, ...] = field(repr=False)

    @classmethod
    def compile(cls, statement: ClauseElement, dialect: Dialect) -> Prepared:
        """Compile a statement for a dialect, such as `Database.dialect`.

        Literals keep their values. A `bindparam("name")` is given its value, by that name, at each execution; its type
        says how a Python value is bound, a TypeDecorator's own processing included.

        :raises ValueError: where the text would depend on a value that is given at execution:
            `column.in_(bindparam("ids"))`. A list that stands in the statement, `column.in_([1, 2])`, will do. Also
            where an INSERT or UPDATE leaves a column to a default of Python's.
        """
        own = _dialect_of(dialect)
        compiled = statement.compile(dialect=own)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"a statement is prepared, not a {type(statement).__name__}")
        if made := [column.name for column in (*compiled.insert_prefetch, *compiled.update_prefetch)]:
            raise ValueError(f"{', '.join(made)}: SQLAlchemy would make a value at each execution; give it")
        text, order, items = _with_lists(compiled)
        binds = [(place, compiled.binds[name]) for place, name in enumerate(order) if name not in items]
        fixed = [items.get(name) for name in order]
        for place, bind in binds:
            if _is_literal(bind):
                fixed[place] = _processed(bind, own)
        filled = tuple(_argument(place, bind, own) for place, bind in binds if not _is_literal(bind))
        return cls(
            text=text,
            parameters=frozenset(each.name for each in filled if each.default is _REQUIRED),
            query=text.encode(),
            _fixed=tuple(fixed),
            _open=filled,
        )

    def arguments(self, parameters: Mapping[str, object]) -> list[object]:
        """The values in the order of the placeholders; names that the statement does not have are left aside.

        :raises TypeError: if a parameter is missing.
        """
        values = list(self._fixed)
        for argument in self._open:
            value = parameters.get(argument.name, argument.default)
            if value is _REQUIRED:
                raise TypeError(f"the statement needs a value for {argument.name!r}")
            if argument.process is None or (value is None and argument.null_stays):
                values[argument.place] = value
            else:
                values[argument.place] = argument.process(value)
        return values


def _with_lists(compiled: SQLCompiler) -> tuple[str, Sequence[str], Mapping[str, object]]:
    """The text with a placeholder for each item of its literal lists, the names of all places, the bound items."""
    order = compiled.positiontup or ()
    late = compiled.post_compile_params | compiled.literal_execute_params
    if not late:
        return compiled.string, order, {}
    if named := sorted(compiled.bind_names[each] for each in late if not _is_literal(each)):
        raise ValueError(
            f"{', '.join(named)}: its text depends on the value, so it cannot be prepared; bind one list instead: "
            "= ANY(:list) on PostgreSQL, IN (SELECT value FROM json_each(:list)) on SQLite"
        )
    # SQLAlchemy asks for all values, though the text needs those of the lists only.
    expanded = compiled.construct_expanded_state({bind.key: None for bind in compiled.bind_names if bind.required})
    items: dict[str, object] = {}
    for names in expanded.parameter_expansion.values():
        for name in names:
            process: Any = expanded.processors.get(name)
            value = expanded.parameters[name]
            items[name] = value if process is None else process(value)
    return expanded.statement, expanded.positiontup or (), items


def _is_literal(bind: BindParameter[Any]) -> bool:
    """A value that stands in the statement itself: SQLAlchemy names it, so nobody else can."""
    return bind.unique and bind.callable is None


def _argument(place: int, bind: BindParameter[Any], dialect: Dialect) -> _Argument:
    if bind.callable is not None:
        raise ValueError(f"{bind.key}: give its value by name, at each execution, rather than by a callable")
    default = _REQUIRED if bind.required else bind.value
    impl: TypeEngine[Any] = bind.type.dialect_impl(dialect)
    process = impl.value_processor(dialect) if isinstance(impl, Storage) else None
    if process is not None:
        return _Argument(place, bind.key, process, default, null_stays=True)
    return _Argument(place, bind.key, impl.bind_processor(dialect), default, null_stays=False)


def _processed(bind: BindParameter[Any], dialect: Dialect) -> object:
    process = _process(bind, dialect)
    return bind.value if process is None else process(bind.value)


def _process(bind: BindParameter[Any], dialect: Dialect) -> _Process | None:
    return bind.type.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=8)
def _dialect_of(dialect: Dialect) -> Dialect:
    """The same dialect with the placeholders above; it is made once for each engine."""
    own = type(dialect)(dbapi=dialect.dbapi, paramstyle=_PARAMSTYLE[dialect.name])  # type: ignore[call-arg]
    prepare_dialect(own)
    own.server_version_info = getattr(dialect, "server_version_info", None)
    return own
