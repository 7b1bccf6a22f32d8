"""A property that is computed at first use and kept in its object.

`functools.cached_property` takes a lock each time until Python 3.12, and Pyramid's `reify` goes through webob's way of
setting attributes: for what every request uses, this costs a third of either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

_T = TypeVar("_T")


class remembered(Generic[_T]):  # noqa: N801 - a decorator, written like property
    """Compute once; from then on it is an ordinary attribute, which may be set and deleted."""

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type) -> _T: ...

    def __get__(self, owner: object | None, kind: type) -> Self | _T:
        if owner is None:
            return self
        value = owner.__dict__[self._name] = self._compute(owner)
        return value
