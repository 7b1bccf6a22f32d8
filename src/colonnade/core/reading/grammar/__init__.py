"""What a caller wrote, read into a `Query`: purely syntactic, before anybody knows whether a name exists.

`encoding` takes the query string apart, `parsing` knows each parameter, `operators` the comparisons, `where` the JSON
filter, `expands` and `paths` their small languages; `query` is what comes of it. What is wrong is a `refused` problem
that names the parameter. Nothing is looked up here, so nothing here can tell a caller what there is.
"""

from __future__ import annotations

from .encoding import continued
from .operators import OPERATORS, unknown_operator
from .parsing import CONTROLS, parse
from .query import And, Compare, Condition, Count, Expand, Not, Or, Path, Query, SortKey, Together, parameters_of, spell
from .refusal import refused, shortened

__all__ = [
    "CONTROLS",
    "OPERATORS",
    "And",
    "Compare",
    "Condition",
    "Count",
    "Expand",
    "Not",
    "Or",
    "Path",
    "Query",
    "SortKey",
    "Together",
    "continued",
    "parameters_of",
    "parse",
    "refused",
    "shortened",
    "spell",
    "unknown_operator",
]
