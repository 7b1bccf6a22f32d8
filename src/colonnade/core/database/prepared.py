"""A statement that SQLAlchemy compiled once, ready for the driver's own cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BindParameter, ClauseElement, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from colonnade.core.values import prepare_dialect

_REQUIRED: Final = object()
_Process = Callable[[Any], Any]

#: The placeholders that each driver's fastest cursor takes: psycopg's RawCursor the server's own, sqlite3 question
#: marks.
_PARAMSTYLE: Final = {"sqlite": "qmark", "postgresql": "numeric_dollar"}


@dataclass(frozen=True, slots=True)
class _Argument:
    """A place of the statement that is filled at each execution."""

    place: int
    name: str
    process: _Process | None
    default: object


@dataclass(frozen=True, slots=True)
class Prepared:
    """The text of a statement, and how its arguments are made.

    text: SQL with the driver's placeholders: ``?`` on SQLite, ``$1`` on PostgreSQL.
    parameters: the names that :meth:`arguments` asks for, without those that have a value of their own.
    """

    text: str
    parameters: frozenset[str]
    query: str | bytes = field(repr=False)
    _fixed: tuple[object, ...] = field(repr=False)
    _open: tuple[_Argument, ...] = field(repr=False)

    @classmethod
    def compile(cls, statement: ClauseElement, dialect: Dialect) -> Prepared:
        """Compile a statement for a dialect, such as `Database.dialect`.

        Literals keep their values. A `bindparam("name")` is given its value, by that name, at each execution; its type
        says how a Python value is bound, a TypeDecorator's own processing included.

        :raises ValueError: where the text would depend on a value: `column.in_([…])` and whatever else is rendered at
            execution.
        """
        own = _dialect_of(dialect)
        compiled = statement.compile(dialect=own)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"a statement is prepared, not a {type(statement).__name__}")
        if late := compiled.post_compile_params | compiled.literal_execute_params:
            names = ", ".join(sorted(compiled.bind_names[each] for each in late))
            raise ValueError(
                f"{names}: its text depends on the value, so it cannot be prepared; bind one list instead: "
                "= ANY(:list) on PostgreSQL, IN (SELECT value FROM json_each(:list)) on SQLite"
            )
        order = [compiled.binds[name] for name in compiled.positiontup or ()]
        filled = tuple(_argument(place, bind, own) for place, bind in enumerate(order) if not _is_literal(bind))
        fixed = tuple(_processed(bind, own) if _is_literal(bind) else None for bind in order)
        return cls(
            text=compiled.string,
            parameters=frozenset(each.name for each in filled if each.default is _REQUIRED),
            query=compiled.string.encode() if own.name == "postgresql" else compiled.string,
            _fixed=fixed,
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
            values[argument.place] = value if argument.process is None else argument.process(value)
        return values


def _is_literal(bind: BindParameter[Any]) -> bool:
    """A value that stands in the statement itself: SQLAlchemy names it, so nobody else can."""
    return bind.unique and bind.callable is None


def _argument(place: int, bind: BindParameter[Any], dialect: Dialect) -> _Argument:
    if bind.callable is not None:
        raise ValueError(f"{bind.key}: give its value by name, at each execution, rather than by a callable")
    return _Argument(place, bind.key, _process(bind, dialect), _REQUIRED if bind.required else bind.value)


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
