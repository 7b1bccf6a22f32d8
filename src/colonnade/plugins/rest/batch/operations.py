"""The body of a batch, read into operations: all that is wrong with its form is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Final, Literal, cast, get_args

from colonnade.core.problems import ContentTooLarge, Fault, Unprocessable
from colonnade.core.resources import Resource, Resources

OpName = Literal["create", "replace", "merge", "patch", "delete"]
OPS: Final[tuple[OpName, ...]] = get_args(OpName)

#: How many faults are told.
_MOST_FAULTS: Final = 100
_MEMBERS: Final = ("op", "resource", "key", "body", "as", "if_match")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Operation:
    """One operation of a batch.

    key: of the record, as JSON has it: the text that stands in its URL, a number, or a reference; None for a creation.
    body: a record, a merge patch or a JSON patch; None for a deletion.
    name: by which later operations refer to the key of its record; "" without one.
    if_match: the ETag that the record must have, as in the header; None if it may have any.
    """

    op: OpName
    resource: Resource
    key: object = None
    body: object = None
    name: str = ""
    if_match: str | None = None


def read_operations(body: object, resources: Resources, most: int) -> list[Operation]:
    """Read the body of a batch.

    :param most: how many operations it may have.
    :raises Unprocessable: with a fault for each place where it is not right.
    :raises ContentTooLarge: for more operations.
    """
    members = body if isinstance(body, Mapping) else {}
    content = members.get("operations")
    if not isinstance(content, list) or len(members) > 1:
        raise Unprocessable('A batch is {"operations": […]}.', faults=list(_faults_around(members)))
    if len(content) > most:
        raise ContentTooLarge(f"The batch has {len(content):,} operations; at most {most:,} are done at once.")
    operations: list[Operation] = []
    faults: list[Fault] = []
    for index, each in enumerate(content):
        if len(faults) >= _MOST_FAULTS:
            break
        found = list(islice(_faults(each, resources), _MOST_FAULTS))
        names = {operation.name for operation in operations}
        if not found and isinstance(each, Mapping) and each.get("as") in names and each.get("as"):
            found = [Fault("is the name of an earlier operation", pointer="/as", code="duplicate")]
        faults += [replace(fault, pointer=f"/operations/{index}{fault.pointer}") for fault in found[:_MOST_FAULTS]]
        if not found:
            operations.append(_operation(each, resources))
    if faults:
        raise Unprocessable("The batch is not well-formed, so nothing was done.", faults=faults)
    return operations


def _faults_around(members: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong with a batch beside its operations."""
    if not isinstance(members.get("operations"), list):
        yield Fault("must be an array", pointer="/operations", code="array")
    for name in islice((each for each in members if each != "operations"), _MOST_FAULTS):
        yield Fault("is no member of a batch", pointer=f"/{name[:80]}", code="unknown_member", allowed=("operations",))


def _operation(content: Mapping[str, object], resources: Resources) -> Operation:
    return Operation(
        cast("OpName", content["op"]),
        resources[str(content["resource"])],
        content.get("key"),
        content.get("body"),
        str(content.get("as") or ""),
        cast("str | None", content.get("if_match")),
    )


def _faults(content: object, resources: Resources) -> Iterator[Fault]:
    """What is wrong with the form of one operation."""
    if not isinstance(content, Mapping):
        yield Fault("must be a JSON object", pointer="", code="object")
        return
    for name in content:
        if name not in _MEMBERS:
            yield Fault(
                "is no member of an operation", pointer=f"/{name[:80]}", code="unknown_member", allowed=_MEMBERS
            )
    op = content.get("op")
    if op not in OPS:
        yield Fault("must say what is done", pointer="/op", code="unknown_op", allowed=OPS)
    yield from _resource_faults(content.get("resource"), tuple(resources))
    yield from _key_faults(content, needed=op in OPS and op != "create")
    if op == "delete" and "body" in content:
        yield Fault("has no meaning for delete", pointer="/body", code="unknown_member")
    if op in OPS and op != "delete" and "body" not in content:
        yield Fault("is required", pointer="/body", code="missing")
    name, tag = content.get("as"), content.get("if_match")
    if "as" in content and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield Fault("must be a name of letters, digits, - and _", pointer="/as", code="name")
    if "if_match" in content and (not isinstance(tag, str) or op == "create"):
        yield Fault('must be the ETag of a stored record, as in "\\"…\\""', pointer="/if_match", code="etag")


def _resource_faults(name: object, known: Sequence[str]) -> Iterator[Fault]:
    if not isinstance(name, str) or name not in known:
        near = get_close_matches(str(name)[:80], known, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        yield Fault(f"must name a resource{guess}", pointer="/resource", code="unknown_resource", allowed=tuple(known))


def _key_faults(content: Mapping[str, object], *, needed: bool) -> Iterator[Fault]:
    if not needed:
        if "key" in content and content.get("op") == "create":
            yield Fault("has no meaning for create; a key that is given stands in the body", pointer="/key", code="key")
    elif isinstance(content.get("key"), bool) or not isinstance(content.get("key"), (str, int, Mapping)):
        yield Fault("must say which record: the key as in its URL", pointer="/key", code="key")
