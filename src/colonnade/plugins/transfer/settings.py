"""What an operator may set about files that come in."""

from __future__ import annotations

from pydantic import Field

from colonnade.core.settings import Settings


class TransferSettings(Settings):
    """How much one request may import."""

    max_body_bytes: int = Field(
        default=104_857_600, ge=1024, le=1_099_511_627_776, description="The longest file that a request may import."
    )
