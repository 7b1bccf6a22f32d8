"""Where a page begins, and what leads to the one after it: a cursor, a page number or an offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from colonnade.core.problems import BadRequest

from .cursor import Cursors
from .grammar import Query, refused
from .limits import ReadingSettings
from .planning import Plan
from .shape import Start


@dataclass(frozen=True)
class Paging:
    """The pages of one list, for one who asks.

    :param whose: the identity and the list, as a text: what a cursor belongs to beside filter and sort.
    :param limit: records of a page.
    """

    cursors: Cursors
    limits: ReadingSettings
    query: Query
    plan: Plan
    whose: str
    limit: int

    def start(self) -> tuple[Start, Mapping[str, object]]:
        """Where the page begins, and the values of its parameters.

        :raises BadRequest: for a cursor of another list, or of another user.
        """
        query = self.query
        offset = query.offset if query.page is None else (query.page - 1) * self.limit
        if offset:
            return Start("offset"), {"offset": offset}
        if query.cursor is None:
            return Start(), {}
        return self.after(self.cursors.open(query.cursor, self._binding))

    def after(self, place: tuple[object, ...]) -> tuple[Start, Mapping[str, object]]:
        """Begin after a row, and the values of its parameters.

        :param place: its sort values, as JSON has them.
        :raises BadRequest: if one of them is none of its type.
        """
        after = self._parsed(place)
        values = {f"after{index}": value for index, value in enumerate(after) if value is not None}
        return Start("cursor", tuple(value is None for value in after)), values

    def following(self, place: Callable[[], Sequence[object]]) -> Mapping[str, str]:
        """What to change in the query string for the next page.

        :param place: reads the sort values of the last record that is shown, as JSON has them.
        :raises BadRequest: where they do not fit into a cursor, so that the link could not be followed.
        """
        query = self.query
        if query.page is not None:
            return {"page": str(query.page + 1)}
        if query.offset is not None:
            return {"offset": str(query.offset + self.limit)}
        try:
            values = tuple(place())
        except ValueError:
            raise _unreadable() from None
        self._parsed(values)
        cursor = self.cursors.seal(values, self._binding)
        if len(cursor) > self.limits.max_cursor:
            raise _unfit("is too long", "too_long")
        return {"cursor": cursor}

    def preceding(self) -> Mapping[str, str] | None:
        """What to change for the page before, where paging goes by numbers."""
        query = self.query
        if query.page is not None and query.page > 1:
            return {"page": str(query.page - 1)}
        if query.offset:
            return {"offset": str(max(0, query.offset - self.limit))}
        return None

    @property
    def _binding(self) -> str:
        """What a cursor belongs to: whose list, which rows, in which order."""
        return f"{self.whose}\n{self.plan.binding}"

    def _parsed(self, values: tuple[object, ...]) -> list[object]:
        kinds = [field.value for field in self.plan.sort_fields]
        try:
            return [None if value is None else kind.parse(value) for kind, value in zip(kinds, values, strict=True)]
        except ValueError:
            raise _unreadable() from None


def _unreadable() -> BadRequest:
    """A table that others write may hold what its type does not."""
    return _unfit("is none of its type", "value")


def _unfit(what: str, code: str) -> BadRequest:
    detail = f"meets a value that {what} for a cursor; page by numbers (page=, offset=), or sort by something else"
    return refused("sort", detail, code=code)
