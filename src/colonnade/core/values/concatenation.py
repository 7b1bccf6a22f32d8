"""Many texts joined by ``||``, so that a database can take them in.

SQLAlchemy would write ``(((a || b) || c) || d)``. SQLite reads parentheses no deeper than the stack of its parser, and
builds expressions no deeper than 1,000: so neighbours stand side by side, in groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import concat_op

from .sql_text import sql_string

_GROUP = 32


class _Concatenation(FunctionElement[str]):
    """The texts of its arguments, one after the other; NULL if one of them is."""

    name = "concatenation"
    type = Text()
    inherit_cache = True


@compiles(_Concatenation)
def _written(element: _Concatenation, compiler: SQLCompiler, **kw: Any) -> str:
    texts = [compiler.process(each.self_group(against=concat_op), **kw) for each in element.clauses]
    while len(texts) > _GROUP:
        texts = [_joined(texts[start : start + _GROUP]) for start in range(0, len(texts), _GROUP)]
    return _joined(texts)


def _joined(texts: Sequence[str]) -> str:
    return f"({' || '.join(texts)})"


def concatenated(parts: Sequence[ColumnElement[str] | str]) -> ColumnElement[str]:
    """Parts one after the other, neighbouring constants as one."""
    merged: list[ColumnElement[str] | str] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    elements = [sql_string(part) if isinstance(part, str) else part for part in merged]
    return elements[0] if len(elements) == 1 else _Concatenation(*elements)
