"""The settings of reading: what one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """Limits of lists, filters and expands, under the prefix ``reading.``"""

    default_limit: int = 50
    max_limit: int = 1000
    expand_limit: int = 20
    max_expands: int = 20
    max_expand_depth: int = 4
    max_path: int = 4
    max_depth: int = 8
    max_conditions: int = 100
    max_list: int = 1000
    max_sort: int = 8
    max_query: int = 65_536
    count_cap: int = 10_000
    statement_cache: int = 500
