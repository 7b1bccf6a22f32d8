"""The settings of reading: what one request may ask for."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from colonnade.core.settings import Settings


class ReadingSettings(Settings):
    """What one request may ask for, under the prefix ``reading.``; what asks for more is a 400 that says so."""

    default_limit: int = Field(default=50, ge=1, le=1_000_000, description="Records of a list that asks for no limit.")
    max_limit: int = Field(
        default=1000, ge=1, le=1_000_000, description="Most records of one list, or of one expanded relation."
    )
    expand_limit: int = Field(
        default=20,
        ge=1,
        le=1_000_000,
        description="Records for each parent, of an expanded to-many relation that asks for no limit.",
    )
    max_expands: int = Field(default=20, ge=0, le=1000, description="Most relations that one request may expand.")
    max_expand_depth: int = Field(
        default=4, ge=0, le=50, description="Most relations within each other that may be expanded."
    )
    max_rows: int = Field(
        default=100_000,
        ge=1,
        le=1_000_000_000,
        description="Most records in one answer, those of expanded relations at their limits.",
    )
    max_path: int = Field(default=4, ge=0, le=50, description="Most relations that one filter or sort key may follow.")
    max_sort: int = Field(default=8, ge=1, le=100, description="Most keys of one order.")
    max_joins: int = Field(
        default=30,
        ge=0,
        le=1000,
        description="Most relations that the filters and sort keys of one request may follow in all.",
    )
    max_depth: int = Field(default=8, ge=1, le=50, description="How deep the objects of `where` may be nested.")
    max_conditions: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Most conditions of one request: the names in its query string and in `where`.",
    )
    max_list: int = Field(default=1000, ge=1, le=1_000_000, description="Most items of a list that `in` compares with.")
    max_query: int = Field(
        default=65_536,
        ge=1,
        le=100_000_000,
        description="Most characters of a query string, a cursor in it not counted.",
    )
    max_cursor: int = Field(
        default=8192,
        ge=256,
        le=100_000_000,
        description="Most characters of a cursor; what sorts by longer values pages by numbers.",
    )
    count_cap: int = Field(default=10_000, ge=1, le=1_000_000_000, description="Where `count=capped` stops counting.")
    statement_cache: int = Field(
        default=500, ge=1, le=1_000_000, description="Compiled statements to keep, one for each shape."
    )
    written_by: Literal["database", "python"] = Field(
        default="database", description="Who writes the JSON of answers; python is slower and says the same."
    )

    @model_validator(mode="after")
    def _defaults_are_allowed(self) -> Self:
        for name in ("default_limit", "expand_limit"):
            if getattr(self, name) > self.max_limit:
                raise ValueError(f"{name} is {getattr(self, name)}, more than max_limit, {self.max_limit}")
        return self
