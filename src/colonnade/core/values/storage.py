"""What the storage types of this room have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, TypeDecorator
from sqlalchemy.sql.operators import OperatorType, and_, is_comparison
from sqlalchemy.types import TypeEngine

from .value import Value

T = TypeVar("T")


class Storage(TypeDecorator[T]):
    """A column type that knows its Value, and lets nothing into the database that the Value refuses.

    Authors of plug-ins subclass it for a type of their own: ``impl``, ``cache_ok = True`` and `value` are required,
    `to_stored` and `from_stored` where Python and the database differ. Binding a wrong value raises ValueError (which
    SQLAlchemy wraps in StatementError), before the driver sees it.
    """

    cache_ok = True

    @property
    @abstractmethod
    def value(self) -> Value:
        """How values of this column are read, written and described."""

    @property
    def plain(self) -> TypeEngine[Any]:
        """The ordinary SQLAlchemy type with the same DDL on every database, for migrations."""
        return self.impl_instance

    def to_stored(self, value: T, dialect: Dialect) -> Any:
        """Turn a checked Python value into what the implementing type binds."""
        return value

    def from_stored(self, value: Any, dialect: Dialect) -> T:
        """Turn what the implementing type read into the Python value."""
        return cast(T, value)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        """Check and convert one parameter. Raises ValueError."""
        return None if value is None else self.to_stored(self._check(value), dialect)

    def bind_processor(self, dialect: Dialect) -> Callable[[T | None], Any] | None:
        """What converts a parameter: what `process_bind_param` does, by as few calls as that takes."""
        process = self.value_processor(dialect)
        if process is None:
            return super().bind_processor(dialect)
        return lambda value: None if value is None else process(value)

    def value_processor(self, dialect: Dialect) -> Callable[[T], Any] | None:
        """What converts a parameter that is a value, where null stays null; None where a type sees to that itself."""
        own = type(self)
        is_own = own.process_bind_param is not Storage.process_bind_param
        if is_own or own.bind_processor is not Storage.bind_processor:
            return None
        if self.impl_instance.bind_processor(dialect) is not None:
            return None
        check, to_stored = self.value.check, self.to_stored
        if own.to_stored is Storage.to_stored:
            return check
        return lambda value: to_stored(check(value), dialect)

    @cached_property
    def _check(self) -> Callable[[object], T]:
        return self.value.check

    def process_result_value(self, value: Any | None, dialect: Dialect) -> T | None:
        """Convert one result."""
        return None if value is None else self.from_stored(value, dialect)

    @property
    def python_type(self) -> type[Any]:
        """The class of the Python values."""
        return self.value.python_type

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Bind what is compared with this column as this type; what is calculated with it, by what it is."""
        if op is not None and (is_comparison(op) or op is and_):  # and_: the ends of BETWEEN
            return self
        natural = self.impl_instance.coerce_compared_value(op, value)
        return self if natural._type_affinity is self._type_affinity else natural
