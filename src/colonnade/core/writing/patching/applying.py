"""A JSON Patch applied (RFC 6902): one operation after the other, all or none."""

from __future__ import annotations

from collections.abc import Iterable

from colonnade.core.body import MAX_DEPTH
from colonnade.core.problems import Conflict, Fault, Problem, Unprocessable

from .operations import Operation
from .pointers import Pointer, format_pointer, index_in, place_in, resolve
from .values import copied, deeper_than, equal, length

#: Characters of JSON text, about.
MOST_COPIED = 1_000_000


def apply(operations: Iterable[Operation], document: object, *, most_copied: int = MOST_COPIED) -> object:
    """The document as a patch makes it. It shares nothing with the one that is given, which stays as it is.

    :param most_copied: how many characters of JSON text, about, all ``copy`` operations together may add: a patch of
        thirty lines could double a document thirty times.
    :raises Conflict: where an operation cannot be applied to this document (RFC 5789, section 2.2), of the type
        ``test-failed`` where it is a test.
    :raises Unprocessable: for a patch that copies more, or nests deeper than a body may.
    """
    patching = _Patching(copied(document), most_copied)
    for operation in operations:
        patching.apply(operation)
    if deeper_than(patching.document, MAX_DEPTH):
        detail = f"would be nested deeper than {MAX_DEPTH} levels"
        raise Unprocessable(
            "The patched document is too deep.", faults=[Fault(detail, pointer="", code="limit")], limit=MAX_DEPTH
        )
    return patching.document


class _Patching:
    """A document in the course of being patched."""

    def __init__(self, document: object, most_copied: int) -> None:
        self.document = document
        self._most_copied = most_copied
        self._copied = 0

    def apply(self, operation: Operation) -> None:
        match operation.op:
            case "add":
                self._add(operation, copied(operation.value))
            case "replace":
                self._existing(operation)
                self._replace(operation.path, copied(operation.value))
            case "remove":
                self._existing(operation)
                self._remove(operation.path)
            case "test":
                if not equal(self._existing(operation), operation.value):
                    raise _conflict(operation, "value", f"{_named(operation.path)} has another value")
            case "copy":
                self._add(operation, self._copy(operation))
            case "move":
                value = self._source(operation)
                if operation.from_ and operation.from_ != operation.path:
                    self._remove(operation.from_)
                    self._add(operation, value)

    def _existing(self, operation: Operation) -> object:
        try:
            return resolve(self.document, operation.path)
        except LookupError:
            raise _conflict(operation, "path", f"{_named(operation.path)} does not exist") from None

    def _source(self, operation: Operation) -> object:
        source = operation.from_ or ()
        try:
            return resolve(self.document, source)
        except LookupError:
            raise _conflict(operation, "from", f"{_named(source)} does not exist") from None

    def _copy(self, operation: Operation) -> object:
        value = self._source(operation)
        self._copied += length(value, self._most_copied)
        if self._copied > self._most_copied:
            detail = f"more than about {self._most_copied:,} characters of JSON would be copied"
            fault = Fault(detail, pointer=operation.pointer("from"), code="limit")
            raise Unprocessable("The patch copies too much.", faults=[fault], limit=self._most_copied)
        return copied(value)

    def _add(self, operation: Operation, value: object) -> None:
        if not operation.path:
            self.document = value
            return
        *above, last = operation.path
        try:
            parent = resolve(self.document, tuple(above))
        except LookupError:
            raise _conflict(operation, "path", f"{_named(tuple(above))} does not exist") from None
        match parent:
            case dict():
                parent[last] = value
            case list():
                try:
                    parent.insert(place_in(parent, last), value)
                except LookupError:
                    detail = f"{last[:80]!r} is no place in an array of {len(parent)}"
                    raise _conflict(operation, "path", detail) from None
            case _:
                raise _conflict(operation, "path", f"{_named(tuple(above))} is neither an object nor an array")

    def _replace(self, path: Pointer, value: object) -> None:
        """Replace what exists."""
        if not path:
            self.document = value
            return
        parent = resolve(self.document, path[:-1])
        if isinstance(parent, dict):
            parent[path[-1]] = value
        elif isinstance(parent, list):
            parent[index_in(parent, path[-1])] = value

    def _remove(self, path: Pointer) -> None:
        """Remove what exists."""
        parent = resolve(self.document, path[:-1])
        if isinstance(parent, dict):
            del parent[path[-1]]
        elif isinstance(parent, list):
            del parent[index_in(parent, path[-1])]


def _named(path: Pointer) -> str:
    text = format_pointer(path)
    return (text if len(text) <= 200 else f"{text[:200]}…") or "the document"


def _conflict(operation: Operation, member: str, detail: str) -> Problem:
    fault = Fault(detail, pointer=operation.pointer(member), code="test_failed" if operation.op == "test" else "absent")
    slug = "test-failed" if operation.op == "test" else "patch-failed"
    said = f"Operation {operation.index} ({operation.op}) cannot be applied: {detail}; nothing was changed."
    return Conflict(said, faults=[fault], slug=slug)
