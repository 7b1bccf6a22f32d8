"""What one may ask for, whichever road it goes; what came of it; and what should have come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Body = dict[str, Any]


@dataclass(frozen=True)
class Create:
    """A new task."""

    body: Body


@dataclass(frozen=True)
class Replace:
    """A whole new body for the task of this code."""

    code: str
    body: Body


@dataclass(frozen=True)
class Merge:
    """A merge patch."""

    code: str
    patch: Body


@dataclass(frozen=True)
class Patch:
    """A JSON patch."""

    code: str
    operations: list[dict[str, Any]]


@dataclass(frozen=True)
class Delete:
    """A deletion."""

    code: str


One: TypeAlias = Create | Replace | Merge | Patch | Delete


@dataclass(frozen=True)
class Array:
    """Several of one kind, all or none."""

    items: list[Create] | list[Replace] | list[Merge] | list[Delete]


@dataclass(frozen=True)
class Filter:
    """The same change of all that a filter means; None deletes them."""

    #: Which tasks: the name of one of `table.FILTERS`.
    filter: str
    change: Body | list[dict[str, Any]] | None
    most: int


@dataclass(frozen=True)
class Batch:
    """Several of any kind, all or none."""

    items: list[One]


Write: TypeAlias = One | Array | Filter | Batch


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    text: everything that was answered, headers included.
    documents: of each record that was written, as its author sees it; None for one that they do not see.
    refused: the items of an array that stood in the way.
    """

    status: int
    text: str
    documents: list[Body | None] | None = None
    refused: frozenset[int] = field(default_factory=frozenset)


DONE = frozenset({200, 201, 204})


class Refused(Exception):
    """A write that comes to nothing, with the statuses that may be answered."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = frozenset(statuses)


@dataclass(frozen=True)
class Verdict:
    """What a write comes to.

    documents: what is answered of each record; None for one that its author does not see, or that is gone.
    refused: the items of an array that stand in the way.
    """

    statuses: frozenset[int]
    documents: list[Body | None] = field(default_factory=list)
    refused: frozenset[int] = frozenset()

    @property
    def done(self) -> bool:
        """Whether anything happens."""
        return self.statuses <= DONE
