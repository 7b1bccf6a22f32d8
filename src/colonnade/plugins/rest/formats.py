"""Further formats of lists: what a list may be answered as beside JSON, by ``Accept``.

A plug-in that knows such a format says so in its ``includeme``::

    config.add_list_format("text/csv", ".views:as_csv")

The function takes the place of the list's own view: it is called with the request, whose context is the collection, and
gives the response. What there is, in the order of registration, is what a 406 lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

_KEY: Final = "colonnade.rest.formats"

ListFormat: TypeAlias = Callable[[Request], Response]


def add_list_format(config: Configurator, media_type: str, answer: ListFormat | str) -> None:
    """Let every list be answered in one more format.

    :param media_type: what callers put into ``Accept``; it may have parameters, and is then another one.
    :param answer: called with the request; or where it is: "package.module:function", or ".module:function".
    """
    function: ListFormat = config.maybe_dotted(answer)
    introspectable = config.introspectable("colonnade list formats", media_type, media_type, "list format")

    def register() -> None:
        config.registry.setdefault(_KEY, {})[media_type] = function

    config.action(("colonnade list format", media_type), register, introspectables=(introspectable,))


def list_formats(registry: Registry) -> Mapping[str, ListFormat]:
    """The further formats of an application, by media type."""
    formats: dict[str, Any] = registry.get(_KEY, {})
    return MappingProxyType(formats)


def includeme(config: Configurator) -> None:
    """Bring ``config.add_list_format``."""
    config.add_directive("add_list_format", add_list_format)
