"""What a token looks like: ``clnd_k3x9w2ab_`` and 43 letters and digits.

The first part finds it in the database and names it in lists; the last is the secret, more than 256 random bits. A
hash that is slow on purpose, as passwords need, would cost every request and protect nothing: nobody guesses 256
bits, however fast.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass

_PREFIX_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when read aloud
_SECRET_SIGNS = string.ascii_letters + string.digits
_PREFIX_LENGTH = 8
_SECRET_LENGTH = 43  # 43 · log2(62) = 256.03 bits

_TOKEN = re.compile(rf"clnd_([a-z0-9]{{{_PREFIX_LENGTH}}})_([A-Za-z0-9]{{{_SECRET_LENGTH}}})")
_RECOGNISED = re.compile(rf"(?:clnd_)?([a-z0-9]{{{_PREFIX_LENGTH}}})(?:_.*)?", re.DOTALL)


@dataclass(frozen=True)
class Secret:
    """A token in the hands of its owner."""

    prefix: str
    secret: str

    @classmethod
    def make(cls) -> Secret:
        """A new one, from the operating system's source of randomness."""
        return cls(_random(_PREFIX_SIGNS, _PREFIX_LENGTH), _random(_SECRET_SIGNS, _SECRET_LENGTH))

    @classmethod
    def read(cls, text: str) -> Secret | None:
        """What a text says; None if it is no token."""
        found = _TOKEN.fullmatch(text)
        return None if found is None else cls(found[1], found[2])

    @property
    def hash(self) -> str:
        """What is kept of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def matches(self, stored: str) -> bool:
        """Whether its hash is the stored one; takes as long for one that nearly is."""
        return hmac.compare_digest(self.hash, stored)

    @property
    def text(self) -> str:
        """The token as it is sent."""
        return f"clnd_{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        return f"<Secret clnd_{self.prefix}_…>"


def prefix_in(text: str) -> str | None:
    """The prefix in what a person gives to name a token: the prefix, with or without ``clnd_``, or the whole token."""
    found = _RECOGNISED.fullmatch(text.strip())
    return None if found is None else found[1]


def _random(signs: str, length: int) -> str:
    return "".join(secrets.choice(signs) for _ in range(length))
