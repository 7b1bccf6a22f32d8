"""The contexts that traversal and URL dispatch share: Root → Collection → Record; and how a key is written in a URL.

A URL names a row by its key: the parts joined by ``,``. WSGI decodes ``%2C`` and ``%2F`` before anybody sees the path,
so what a part must not show is escaped once more: ``~2C`` for the comma, ``~2F`` for the slash, ``~7E`` for the tilde.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyramid.authorization import ALL_PERMISSIONS, Allow, Deny

from colonnade.core.problems import NotFound, Problem

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

    from colonnade.core.policy import Access
    from colonnade.core.resources import Resource

_TO_ESCAPE = re.compile("[,/~]")
_ESCAPED = re.compile("~(..)", re.DOTALL)
#: A path segment that means something else: RFC 3986, section 5.2.4 takes dots away, Pyramid reads @@ as a view's name.
_MISREAD = re.compile(r"\.{1,2}|@@.*", re.DOTALL)
_EMPTY = "~"  # an empty segment would be the collection's own URL


def join_key(parts: Iterable[str]) -> str:
    """Write a key, given as the text of its parts, as one segment of a path (not yet percent-encoded).

    :raises ValueError: for no parts at all.
    """
    escaped = [_TO_ESCAPE.sub(_escape, part) for part in parts]
    if not escaped:
        raise ValueError("a key has at least one part")
    text = ",".join(escaped)
    if _MISREAD.fullmatch(text):
        return f"~{ord(text[0]):02X}{text[1:]}"
    return text or _EMPTY


def split_key(text: str) -> tuple[str, ...]:
    """Read the parts of a key; the exact inverse of `join_key`, so that a row has one URL and no other.

    :raises NotFound: for a text that `join_key` would not have written.
    """
    if text.isalnum():
        return (text,)
    try:
        parts = tuple(_ESCAPED.sub(_unescape, part) for part in text.split(",")) if text != _EMPTY else ("",)
    except ValueError:
        raise absent() from None
    if join_key(parts) != text:
        raise absent()
    return parts


def _escape(match: re.Match[str]) -> str:
    return f"~{ord(match[0]):02X}"


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def absent() -> NotFound:
    """The answer where there is no such record, or none that the caller may see: the very same for both."""
    return NotFound("There is no such record here.")


@dataclass(eq=False)
class Root:
    """The top of the tree. Its list of permissions ends every other."""

    request: Request

    __name__ = ""
    __parent__ = None

    @property
    def __acl__(self) -> list[tuple[str, str, Any]]:
        """Root's list, in Pyramid's form."""
        from colonnade.core.policy import root_acl_of

        return [
            (
                Allow if entry.allow else Deny,
                entry.principal,
                ALL_PERMISSIONS if entry.every_permission else tuple(sorted(entry.names)),
            )
            for entry in root_acl_of(self.request.registry)
        ]

    def __getitem__(self, name: str) -> Collection:
        from colonnade.core.resources import resources_of

        return Collection(resources_of(self.request.registry)[name], self.request)


@dataclass(eq=False)
class Collection:
    """All rows of one resource."""

    resource: Resource
    request: Request

    @property
    def __name__(self) -> str:
        return self.resource.name

    @property
    def __parent__(self) -> Root:
        return Root(self.request)

    def __getitem__(self, text: str) -> Record:
        """The record, for traversal; a text that can be no key may still be the name of a view."""
        try:
            return self.record(text)
        except NotFound:
            raise KeyError(text) from None

    def record(self, text: str) -> Record:
        """The record that a segment of a URL names. Whether there is such a row, only reading tells.

        :param text: the key as `join_key` writes it.
        :raises NotFound: if it cannot be the key of any row of this resource.
        """
        parts = split_key(text)
        fields = self.resource.key
        if len(parts) != len(fields):
            raise absent()
        try:
            key = tuple(field.value.parse_text(part) for field, part in zip(fields, parts, strict=True))
        except ValueError:
            raise absent() from None
        return Record(self.resource, key, self.request)

    def permits(self, access: Access, permission: str) -> bool:
        """Whether some row may be touched with this permission."""
        return access.of(self.resource).may(permission)


@dataclass(eq=False)
class Record:
    """One row, named by its key: the parts as Python values, in the order of ``resource.key``."""

    resource: Resource
    key: tuple[object, ...]
    request: Request

    @property
    def __name__(self) -> str:
        return join_key(field.value.to_text(part) for field, part in zip(self.resource.key, self.key, strict=True))

    @property
    def __parent__(self) -> Collection:
        return Collection(self.resource, self.request)

    def permits(self, access: Access, permission: str) -> bool:
        """Whether this row might be touched with this permission; the statement decides on the row itself."""
        return access.of(self.resource).may(permission)

    def refusal(self, access: Access) -> Problem | None:
        """How a refused caller who is known is answered: as if there were no row, where they may see none."""
        return None if access.of(self.resource).may("view") else absent()


def includeme(config: Configurator) -> None:
    """Let every request begin at Root."""
    config.set_root_factory(Root)
