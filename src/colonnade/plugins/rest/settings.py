"""What an operator may set about the REST API."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from colonnade.core.settings import Settings

_ORIGIN = re.compile(r"\*|https?://[^/\s?#]+")


class RestSettings(Settings):
    """CORS, and how large a body may be."""

    cors_origins: tuple[str, ...] = Field(
        default=(), description="Origins whose pages may call the API from a browser, such as https://app.example.com."
    )
    cors_max_age: int = Field(
        default=3600, ge=0, description="Seconds for which a browser may keep a preflight's answer."
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="The longest body of a request that is read.")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin; write scheme and host, as in https://app.example.com")
        return origins
