"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header-07): a request that is sent again happens once.

The answer is kept in the transaction of the effect: both are there, or neither. A repeat with the same key, by the same
user and token, gets it again. On PostgreSQL a repeat is a 409 while the first one is still running; on SQLite, where
writers queue, it waits for the first one and gets its answer. A view calls `once` around what it does.
"""

from __future__ import annotations

from .models import KeptAnswer
from .repeating import once

__all__ = ["KeptAnswer", "once"]
