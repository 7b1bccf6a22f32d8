"""What an operator may set about the REST API."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from colonnade.core.settings import Settings

_ORIGIN = re.compile(r"\*|https?://[^/\s?#]+")


class RestSettings(Settings):
    """CORS, how large a body may be, and how long answers are kept for repeats."""

    cors_origins: tuple[str, ...] = Field(
        default=(), description="Origins whose pages may call the API from a browser, such as https://app.example.com."
    )
    cors_max_age: int = Field(
        default=3600, ge=0, le=31_536_000, description="Seconds for which a browser may keep a preflight's answer."
    )
    max_items: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="How many records one request may write: of an array, a filter or a batch.",
    )
    require_if_match: bool = Field(
        default=False,
        description="Whether a change of a stored record has to name the ETag that it is based on (If-Match).",
    )
    max_body_bytes: int = Field(
        default=1_048_576, ge=1024, le=1_073_741_824, description="The longest body of a request that is read."
    )
    idempotency_hours: int = Field(
        default=24,
        ge=1,
        le=87_600,
        description="Hours for which the answer to a request with an Idempotency-Key is kept.",
    )

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin; write scheme and host, as in https://app.example.com")
        return origins
