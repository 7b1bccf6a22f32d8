"""What an operator may set about the document."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from colonnade.core.settings import Settings

_HOST = r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]+)?"
_ADDRESS = re.compile(rf"(?:https?://{_HOST})?(?:/[\w.~%!$&()*+=:@-]+)*/?", re.ASCII)


class OpenapiSettings(Settings):
    """What the document says of the API as a whole."""

    title: str = Field(default="Colonnade", min_length=1, description="What the API is called.")
    version: str = Field(default="1.0.0", min_length=1, description="The version of the API, as its owner counts it.")
    description: str = Field(
        default="", description="What the API is for, in Markdown; it precedes what all APIs share."
    )
    servers: tuple[str, ...] = Field(
        default=(), description="Addresses where the API is served; without any, the one where the document is."
    )

    @field_validator("servers")
    @classmethod
    def _addresses(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        """Their origins go into the page's Content-Security-Policy, where a space or a semicolon ends a word."""
        for url in servers:
            if not _ADDRESS.fullmatch(url):
                raise ValueError(f"{url!r} is no address of a server: write https://api.example.com or /path")
        return servers
