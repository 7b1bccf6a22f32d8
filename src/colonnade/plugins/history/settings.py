"""What an operator may set about the change log."""

from __future__ import annotations

from pydantic import Field

from colonnade.core.settings import Settings


class HistorySettings(Settings):
    """How long a consumer of the feed may wait."""

    max_wait: int = Field(default=30, ge=0, le=300, description="Seconds that a request for changes may wait for one.")
    max_waiting: int = Field(
        default=2,
        ge=0,
        description="How many requests may wait at once, each of which holds a thread; others are answered at once.",
    )
