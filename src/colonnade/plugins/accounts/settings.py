"""The settings of accounts: ``accounts.*``."""

from __future__ import annotations

from colonnade.core.settings import Field, Settings


class AccountsSettings(Settings):
    """How tokens are kept."""

    last_used_every: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="Seconds between two writes of when tokens were last used; 0 to write nothing of it.",
    )
