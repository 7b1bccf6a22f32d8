"""The settings of the core itself: `colonnade.*`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from .declaration import Settings

#: What development.ini signs with. Everybody knows it, so production refuses it.
DEVELOPMENT_SECRET = "for-development-only-everybody-knows-this-secret"  # noqa: S105 (it is meant to be known)

SECRET_LENGTH = 32
_HOW_TO_MAKE_ONE = """python -c "import secrets; print(secrets.token_urlsafe(32))" makes one"""


class CoreSettings(Settings):
    """What Colonnade itself is told: its plug-ins, its secret, and how strict to be."""

    plugins: tuple[str, ...] = Field(
        default=(), description="The plug-ins that are on: entry points of colonnade.plugins or dotted names."
    )
    secret: SecretStr = Field(
        description="What cursors are signed with: at least 32 characters, the same in every process."
    )
    environment: Literal["development", "production"] = Field(
        default="production", description="In production whatever is unsafe is refused at start."
    )

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value()) < SECRET_LENGTH:
            raise ValueError(f"it should have at least {SECRET_LENGTH} characters; {_HOW_TO_MAKE_ONE}")
        return secret

    def unsafe(self) -> Iterator[tuple[str, str]]:
        """Refuse a secret that others know or can guess."""
        secret = self.secret.get_secret_value()
        if secret == DEVELOPMENT_SECRET:
            yield "secret", f"is the one of development, which everybody knows; {_HOW_TO_MAKE_ONE}"
        elif len(set(secret)) < 8:
            yield "secret", f"can be guessed: it has hardly any different characters; {_HOW_TO_MAKE_ONE}"
