"""The one write path: validate, check against the policy, change.

Every door that writes (REST, import, pages) comes in by `writer_of(request)` or with a `Writer` of its own; `bulk` has
what many records at once need. What the policy can decide from the input is refused before anything is flushed; the
result is checked where rows decide. A refusal is raised, so the transaction around it is rolled back: nothing is half
done. The room knows no format but JSON's values and tables of text, and neither HTTP nor files.
"""

from __future__ import annotations

from .application import writer_of
from .author import Author
from .writer import Writer

__all__ = ["Author", "Writer", "writer_of"]
