"""How values are shown without their secrets."""

from __future__ import annotations

import re

MASK = "**********"

#: The password in a URL: `postgresql://colonnade:secret@host/name`.
PASSWORD = re.compile(r"(?<=://)(?P<user>[^:/@\s]*):(?P<password>[^@\s]+)@")


def masked(text: str) -> str:
    """Replace the password of each URL in a text."""
    return PASSWORD.sub(rf"\g<user>:{MASK}@", text)
