"""What a view may ask of a request beside Pyramid's own predicates."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request


class QueryParameter:
    """``query_parameter="as_of"``: the query string has this parameter.

    Pyramid's ``request_param`` looks into the body too, and reads both for every request; this one reads the query
    string, where its name stands in it at all.
    """

    def __init__(self, name: str, config: Configurator) -> None:
        self._name = name

    def text(self) -> str:
        """What introspection shows."""
        return f"query_parameter = {self._name}"

    phash = text

    def __call__(self, context: Any, request: Request) -> bool:
        query = request.environ.get("QUERY_STRING", "")
        return (self._name in query or "%" in query) and self._name in request.GET


def includeme(config: Configurator) -> None:
    """Bring the predicate ``query_parameter``."""
    config.add_view_predicate("query_parameter", QueryParameter)
