"""Many records at once, from a table of texts: all of them, or none and every reason.

A batch of rows at a time goes through the steps, each a file: texts become values (`cells`), what they refer to is
found (`links`), what is taken is told (`uniqueness`), and the rest is inserted (`inserting`) and held against the
policy. A refused row does not end it; when all have been looked at, one refusal is enough to undo everything.
"""

from __future__ import annotations

from .columns import columns_of
from .creation import BulkCreation, Created
from .rows import Refusal, Row

__all__ = ["BulkCreation", "Created", "Refusal", "Row", "columns_of"]
