"""What an operator may set about the change log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from colonnade.core.settings import Settings


class HistorySettings(Settings):
    """Who gives positions, and how long a consumer of the feed may wait."""

    positions: Literal["counter", "sequencer"] = Field(
        default="counter",
        description="Who gives changes their positions: counter, each commit, and others wait for that; or sequencer, "
        "one for all of them, a moment later. It may be changed at any time; see docs/history.md.",
    )

    max_wait: int = Field(default=30, ge=0, le=300, description="Seconds that a request for changes may wait for one.")
    max_waiting: int = Field(
        default=2,
        ge=0,
        le=1000,
        description="How many requests may wait at once, each of which holds a thread; others are answered at once.",
    )
