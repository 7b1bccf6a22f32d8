"""The one write path: validate, check against the policy, change.

Every door that writes (REST, import, pages) comes in by `writer_of(request)`, or by `writer_for` with an author of its
own; `bulk` has what many records at once need, `patching` the two RFCs of patches, `outlines` what is the same for
every write of a resource, and `plain` says which classes need no unit of work. What the policy can decide from the
input is refused before anything is flushed; the result is checked where rows decide. A refusal is raised, so the
transaction around it is rolled back: nothing is half done. The room knows no format but JSON's values and tables of
text, and neither HTTP nor files.
"""

from __future__ import annotations

from .application import includeme, writer_for, writer_of
from .author import Author
from .edits import Edit, Merge, Patch, Replace
from .events import AfterWrite, BeforeWrite
from .writer import Writer, Written

__all__ = [
    "AfterWrite",
    "Author",
    "BeforeWrite",
    "Edit",
    "Merge",
    "Patch",
    "Replace",
    "Writer",
    "Written",
    "includeme",
    "writer_for",
    "writer_of",
]
