"""SQLite's arithmetic over what is not stored as the number it means: right where that is possible, else refused.

Decimals and durations are scaled integers there, dates and times are text. SQLAlchemy compiles `price * rate`,
`avg(price)` or `now() - timedelta` without a word, and SQLite answers with a wrong number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Date, DateTime, Interval, Time, exc
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.sql import elements, functions, operators
from sqlalchemy.sql.selectable import ScalarSelect, SelectBase
from sqlalchemy.types import NullType, TupleType, TypeEngine

from .scaled import Scaled

#: Functions whose result is one of their arguments, or a sum of them: of the same unit.
_KEEP_UNIT: Final = frozenset({"sum", "min", "max", "abs", "coalesce", "ifnull", "nullif", "first_value", "last_value"})
_COUNTS: Final = frozenset({"count"})
_SUMS: Final = frozenset({operators.add, operators.sub})
_CALCULATES: Final = _SUMS | {operators.mul, operators.truediv, operators.floordiv, operators.mod}
_TEMPORAL: Final = frozenset({Date, DateTime, Time, Interval})
_ADVICE: Final = "calculate it in Python and bind the result"


class ExactSQLiteCompiler(SQLiteCompiler):
    """SQLAlchemy's compiler for SQLite, which raises CompileError for expressions that would be wrong there."""

    refuses_wrong_arithmetic = True

    def visit_binary(self, binary: Any, *args: Any, **kw: Any) -> str:
        """Check the two operands of an operator."""
        _check_operator(kw.get("override_operator") or binary.operator, (binary.left, binary.right))
        return str(super().visit_binary(binary, *args, **kw))  # type: ignore[no-untyped-call]

    def visit_expression_clauselist(self, clauselist: Any, **kw: Any) -> str:
        """Check the operands of `a + b + c`."""
        _check_operator(clauselist.operator, clauselist.clauses)
        return str(super().visit_expression_clauselist(clauselist, **kw))  # type: ignore[no-untyped-call]

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> str:
        """Check the arguments of a function."""
        _check_function(func)
        return str(super().visit_function(func, *args, **kw))

    def visit_cast(self, cast: Any, **kw: Any) -> str:
        """Check that a CAST does not take the stored integer for the number."""
        _require_one_unit((cast, cast.clause), "a CAST")
        return str(super().visit_cast(cast, **kw))  # type: ignore[no-untyped-call]

    def visit_case(self, clause: Any, **kw: Any) -> str:
        """Check that the results of a CASE are alike."""
        results = [result for _, result in clause.whens]
        _require_one_unit(results if clause.else_ is None else [*results, clause.else_], "a CASE")
        if clause.value is not None:
            _require_one_unit([clause.value, *(condition for condition, _ in clause.whens)], "a CASE")
        return str(super().visit_case(clause, **kw))  # type: ignore[no-untyped-call]

    def visit_insert(self, insert_stmt: Any, *args: Any, **kw: Any) -> str:
        """Check what expressions and a SELECT put into columns."""
        _check_assignments(insert_stmt)
        return str(super().visit_insert(insert_stmt, *args, **kw))  # type: ignore[no-untyped-call]

    def visit_update(self, update_stmt: Any, *args: Any, **kw: Any) -> str:
        """Check what expressions put into columns."""
        _check_assignments(update_stmt)
        return str(super().visit_update(update_stmt, *args, **kw))


def _check_assignments(statement: Any) -> None:
    columns = statement.table.c
    pairs = [(columns[key] if isinstance(key, str) else key, value) for key, value in (statement._values or {}).items()]
    if names := getattr(statement, "_select_names", None):
        pairs += zip((columns[name] for name in names), statement.select.selected_columns, strict=False)
    for column, value in pairs:
        # A parameter takes its type from the column.
        if hasattr(value, "type") and not isinstance(value, elements.BindParameter):
            _require_one_unit((column, value), "an assignment")


def _check_operator(operator: Any, operands: Iterable[Any]) -> None:
    operands = tuple(operands)
    if operator in (operators.and_, operators.or_, operators.comma_op):
        return
    columns = [tuple(_columns(operand)) for operand in operands]
    if any(isinstance(operand, elements.Tuple) for operand in operands):
        for alike in zip(*columns, strict=False):
            _require_one_unit(alike, "a comparison")
        return
    single = [column for row in columns for column in row]
    if operators.is_comparison(operator) and not _is_like(operator):
        _require_one_unit(single, "a comparison")
        return
    if operator in _SUMS and all(unit_of(each) is not None or _is_null(each) for each in single):
        _require_one_unit(single, "a sum or difference")
        return
    word = getattr(operator, "__name__", str(operator))
    if any(unit_of(each) is not None for each in single):
        raise exc.CompileError(
            f"SQLite cannot calculate {word} with decimals and durations, which are scaled integers there: {_ADVICE}."
        )
    if operator in _CALCULATES and any(each.type._type_affinity in _TEMPORAL for each in single):
        raise exc.CompileError(
            f"SQLite cannot calculate {word} with dates and times: {_ADVICE}, or use utc_now(offset)."
        )


def _check_function(function: functions.FunctionElement[Any]) -> None:
    arguments = list(function.clauses)
    if not any(unit_of(each) is not None for each in arguments):
        return
    name = str(getattr(function, "name", "")).lower()
    if name in _KEEP_UNIT:
        # The function itself too: what SQLAlchemy gives no type comes out as the stored integer.
        _require_one_unit([function, *arguments], f"{name}()")
    elif name not in _COUNTS:
        raise exc.CompileError(
            f"SQLite cannot calculate {name}() of decimals and durations, which are scaled integers there: {_ADVICE}."
        )


def _require_one_unit(operands: Iterable[Any], where: str) -> None:
    units = {unit_of(each) for each in operands if not _is_null(each)}
    if len(units) > 1:
        raise exc.CompileError(
            f"SQLite cannot mix in {where} a decimal or duration, which is a scaled integer there, with something of "
            "another scale or type. Give it the column's type: literal(100, Staff.salary.type), func.abs(…, type_=…)."
        )


def unit_of(element: Any) -> Hashable:
    """What the stored integers of an expression count on SQLite; None where they are the numbers themselves."""
    type_: TypeEngine[Any] = element.type
    return type_.unit if isinstance(type_, Scaled) else None


def _columns(operand: Any) -> Iterator[Any]:
    """The columns of a row, of a subquery, of the two ends of BETWEEN; of anything else, itself."""
    if isinstance(operand, elements.Grouping):
        yield from _columns(operand.element)
    elif isinstance(operand, (elements.Tuple, elements.ClauseList, elements.ExpressionClauseList)):
        yield from operand.clauses
    elif isinstance(operand, elements.BindParameter) and isinstance(operand.type, TupleType):
        return  # a list of rows takes its types from the row that it is compared with
    elif isinstance(operand, SelectBase) and not isinstance(operand, ScalarSelect):
        yield from operand.selected_columns
    elif hasattr(operand, "type"):
        yield operand


def _is_null(element: Any) -> bool:
    return isinstance(element, elements.Null) or (
        isinstance(element.type, NullType) and isinstance(element, elements.BindParameter) and element.value is None
    )


def _is_like(operator: Any) -> bool:
    return getattr(operator, "__name__", "").removeprefix("not_") in {
        "like_op", "ilike_op", "contains_op", "icontains_op", "startswith_op", "istartswith_op",
        "endswith_op", "iendswith_op", "regexp_match_op", "match_op",
    }  # fmt: skip
