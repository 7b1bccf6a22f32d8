"""How values are shown without their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "**********"

#: The password in a URL: `postgresql://colonnade:secret@host/name`.
PASSWORD = re.compile(r"(?<=://)(?P<user>[^:/@\s]*):(?P<password>[^@\s]+)@")


def masked(text: str) -> str:
    """Replace the password of each URL in a text."""
    return PASSWORD.sub(rf"\g<user>:{MASK}@", text)


def without(text: str, secrets: Iterable[object]) -> str:
    """Take secrets out of the message of a validator that repeats its input."""
    for secret in filter(None, map(str, secrets)):
        # A short one only where it stands alone: `sqlite://` must not spoil "it should be sqlite:///path".
        alone = re.escape(secret) if len(secret) >= 16 else rf"(?<![\w/]){re.escape(secret)}(?![\w/])"
        text = re.sub(alone, MASK, text)
    return text
