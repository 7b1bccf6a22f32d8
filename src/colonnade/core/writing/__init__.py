"""The one write path: validate, check against the policy, change.

Every door that writes (REST, import, pages) comes in by `writer_of(request)` or with a `Writer` of its own. What the
policy can decide from the input is refused before anything is flushed; the result is checked where rows decide. A
refusal is raised, so the transaction around it is rolled back: nothing is half done.
"""

from __future__ import annotations

from .application import writer_of
from .bodies import Bodies
from .bulk import BulkCreation, Refusal, Row
from .columns import columns_of
from .writer import Writer

__all__ = ["Bodies", "BulkCreation", "Refusal", "Row", "Writer", "columns_of", "writer_of"]
