"""What an operator may set about the document."""

from __future__ import annotations

from pydantic import Field

from colonnade.core.settings import Settings


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
