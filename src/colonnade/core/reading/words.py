"""What a query may ask that has no meaning for what it is asked of."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from colonnade.core.problems import Fault

from .grammar import Query

#: What only a page of a list has.
OF_PAGES = ("cursor", "page", "offset", "count")
#: What only a list has; a filter apart.
OF_LISTS = ("sort", "limit", *OF_PAGES)

_in_order = attrgetter(*OF_LISTS)
_NONE = _in_order(Query())


def words_in(query: Query, words: Sequence[str], why: str, code: str = "not_a_list") -> list[Fault]:
    """A fault for each of these words that a query has.

    :param words: names of its members.
    :param why: each is a fault, a predicate.
    """
    if _in_order(query) == _NONE:
        return []
    return [Fault(why, parameter=name, code=code) for name in words if getattr(query, name) not in (None, ())]
