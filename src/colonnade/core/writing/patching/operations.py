"""The operations of a JSON Patch (RFC 6902), read from its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from colonnade.core.problems import BadRequest, Fault, Unprocessable

from .pointers import Pointer, format_pointer, parse_pointer

OpName = Literal["add", "remove", "replace", "move", "copy", "test"]

#: What each operation needs besides ``op`` and ``path`` (RFC 6902, section 4).
_NEEDS: Final[Mapping[str, str | None]] = {
    "add": "value",
    "remove": None,
    "replace": "value",
    "move": "from",
    "copy": "from",
    "test": "value",
}
MOST_OPERATIONS = 1000
#: How many faults of one patch are told.
_MOST_FAULTS = 20


@dataclass(frozen=True)
class Operation:
    """One operation.

    index: which it is in its patch, from 0.
    path: the place that it is about.
    from_: the place in ``from``, of ``move`` and ``copy``; else None.
    value: of ``add``, ``replace`` and ``test``; else None.
    """

    index: int
    op: OpName
    path: Pointer
    from_: Pointer | None = None
    value: object = None

    def pointer(self, member: str) -> str:
        """Where in the patch a member of this operation stands: ``/2/path``."""
        return format_pointer((self.index, member))


def read_operations(body: object, *, most: int = MOST_OPERATIONS) -> tuple[Operation, ...]:
    """Read a patch. Members that no operation knows are passed over, as RFC 6902 has it.

    :param body: what `core.body.parse_json` gave.
    :param most: how many operations a patch may have.
    :raises BadRequest: for what is no patch, with all that is wrong with it (RFC 5789, section 2.2).
    :raises Unprocessable: for more operations.
    """
    if not isinstance(body, list):
        detail = "a JSON Patch is an array of operations"
        raise BadRequest("The body is no JSON Patch (RFC 6902).", faults=[Fault(detail, pointer="", code="array")])
    if len(body) > most:
        detail = f"has {len(body):,} operations; at most {most:,} are applied at once"
        raise Unprocessable("The patch is too long.", faults=[Fault(detail, pointer="", code="limit")], limit=most)
    operations: list[Operation] = []
    faults: list[Fault] = []
    for index, content in enumerate(body):
        read = _read(index, content)
        if isinstance(read, Operation):
            operations.append(read)
        else:
            faults += read
    if faults:
        untold = len(faults) - _MOST_FAULTS
        more = [Fault(f"{untold:,} more are wrong", pointer="")] if untold > 0 else []
        raise BadRequest("The body is no JSON Patch (RFC 6902).", faults=[*faults[:_MOST_FAULTS], *more])
    return tuple(operations)


def _read(index: int, content: object) -> Operation | list[Fault]:
    if not isinstance(content, dict):
        return [Fault("an operation is a JSON object", pointer=format_pointer((index,)), code="object")]
    op = content.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        return [_unknown(index, content)]
    operation = Operation(index, cast("OpName", op), ())
    faults: list[Fault] = []
    path = _pointer(operation, content, "path", faults)
    from_ = _pointer(operation, content, "from", faults) if _NEEDS[op] == "from" else None
    if _NEEDS[op] == "value" and "value" not in content:
        faults.append(_missing(operation, "value"))
    if faults or path is None:
        return faults
    value = content["value"] if _NEEDS[op] == "value" else None
    operation = Operation(index, operation.op, path, from_, value)
    return list(_impossible(operation)) or operation


def _unknown(index: int, content: Mapping[str, object]) -> Fault:
    if "op" not in content:
        return Fault("op is missing", pointer=format_pointer((index,)), code="missing", allowed=tuple(_NEEDS))
    return Fault("is no operation", pointer=format_pointer((index, "op")), code="unknown_op", allowed=tuple(_NEEDS))


def _pointer(operation: Operation, content: Mapping[str, object], name: str, faults: list[Fault]) -> Pointer | None:
    """The pointer in a member; where there is none, None and a fault more."""
    if name not in content:
        faults.append(_missing(operation, name))
        return None
    text = content[name]
    if not isinstance(text, str):
        faults.append(Fault("is a JSON Pointer, a string", pointer=operation.pointer(name), code="pointer"))
        return None
    try:
        return parse_pointer(text)
    except ValueError as error:
        faults.append(Fault(str(error), pointer=operation.pointer(name), code="pointer"))
        return None


def _missing(operation: Operation, name: str) -> Fault:
    return Fault(f"{operation.op} needs {name}", pointer=format_pointer((operation.index,)), code="missing")


def _impossible(operation: Operation) -> Iterator[Fault]:
    """What no document can have done to it."""
    if operation.op == "remove" and not operation.path:
        yield Fault("the whole document cannot be removed", pointer=operation.pointer("path"), code="whole_document")
    if operation.op == "move" and operation.from_ is not None:
        depth = len(operation.from_)
        if depth < len(operation.path) and operation.path[:depth] == operation.from_:
            yield Fault("moves a value into itself", pointer=operation.pointer("path"), code="into_itself")
