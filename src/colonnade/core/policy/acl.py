"""An access control list, read once at start: its entries as data, and what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
from pyramid.exceptions import ConfigurationError
from sqlalchemy import ColumnElement

from .terms import FieldPermission, Mode, rows

Action = Literal["create", "edit"]

#: The permissions that every resource knows; a plug-in may use more.
PERMISSIONS = ("view", "create", "edit", "delete")


@dataclass(frozen=True)
class Where:
    """The line of source that wrote something down."""

    file: str
    line: int

    @classmethod
    def here(cls) -> Where:
        """The place of the call."""
        frame = sys._getframe(1)
        return cls(frame.f_code.co_filename, frame.f_lineno)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of a list. ``condition`` is None where the entry speaks of every row."""

    allow: bool
    principal: str
    condition: ColumnElement[bool] | None
    every_permission: bool
    names: frozenset[str]
    fields: tuple[FieldPermission, ...]
    where: Where | None = None

    def speaks_of(self, permission: str) -> bool:
        """Tell whether the entry speaks of this permission on a row."""
        return self.every_permission or permission in self.names

    def speaks_of_field(self, name: str, permission: str) -> bool:
        """Tell whether the entry speaks of a field under an action.

        :param permission: ``view``, or the row's action when writing: ``create`` or ``edit``.
        """
        mode: Mode = "view" if permission == "view" else "write"
        return self.speaks_of(permission) or any(each.covers(name, mode) for each in self.fields)

    def __str__(self) -> str:
        effect = "Allow" if self.allow else "Deny"
        who = repr(self.principal) if self.condition is None else f"rows({self.condition}, who={self.principal!r})"
        if self.every_permission:
            what = "ALL_PERMISSIONS"
        else:
            what = ", ".join([*(repr(name) for name in sorted(self.names)), *map(str, self.fields)])
        return f"({effect}, {who}, {what})"


def read_entry(raw: object, where: Where | None = None) -> Entry:
    """Read one ``(Allow | Deny, principal, permission)``.

    :raises ConfigurationError: if it is not such a triple; the message says what would be.
    """
    if not isinstance(raw, (tuple, list)) or len(raw) != 3:
        raise ConfigurationError(f"{_at(where)}an entry is (Allow | Deny, principal, permission), not {raw!r}")
    effect, principal, permission = raw
    if effect not in (Allow, Deny):
        raise ConfigurationError(f"{_at(where)}an entry begins with Allow or Deny, not {effect!r}")
    if isinstance(principal, rows):
        who, condition = principal.who, principal.expression
    elif isinstance(principal, str):
        who, condition = principal, None
    else:
        raise ConfigurationError(
            f"{_at(where)}a principal is a string such as 'role:staff' or rows(expression), not {principal!r}"
        )
    every = isinstance(permission, type(ALL_PERMISSIONS))
    names: set[str] = set()
    fields: list[FieldPermission] = []
    if not every:
        for each in _permissions(permission):
            if isinstance(each, FieldPermission):
                fields.append(each)
            elif isinstance(each, str):
                names.add(each)
            else:
                raise ConfigurationError(
                    f"{_at(where)}a permission is a string such as 'view', fields('salary').view, "
                    f"ALL_PERMISSIONS or a list of these, not {each!r}"
                )
    return Entry(effect == Allow, who, condition, every, frozenset(names), tuple(fields), where)


def _permissions(permission: Any) -> Iterable[object]:
    return permission if isinstance(permission, (tuple, list, set, frozenset)) else (permission,)


def _at(where: Where | None) -> str:
    return f"{where}: " if where else ""


def read_root_acl(raw: Iterable[object], where: Where | None = None) -> tuple[Entry, ...]:
    """Read Root's entries, which hold for every resource and so may name neither rows nor single fields."""
    entries = tuple(read_entry(each, where) for each in raw)
    for entry in entries:
        if entry.condition is not None:
            raise ConfigurationError(
                f"{_at(where)}{entry}: Root's list holds for every resource, so rows() cannot stand in it; "
                "write the entry into the resource's own acl"
            )
        if any(each.names is not None for each in entry.fields):
            raise ConfigurationError(
                f"{_at(where)}{entry}: Root's list holds for every resource, so only fields() without names "
                "can stand in it; write the entry into the resource's own acl"
            )
    return entries


def read_acl(
    raw: Sequence[object],
    *,
    resource: str,
    names: Iterable[str],
    keys: Iterable[str],
    wheres: Sequence[Where] = (),
) -> tuple[Entry, ...]:
    """Read the list of one resource, and refuse what cannot be meant.

    :param names: the fields and relations that ``fields()`` may name.
    :param keys: the fields of the key, which nobody may hide.
    :param wheres: the source lines of the entries, if known.
    :raises ConfigurationError: for a name that is no field, a hidden key, or a ``fields()`` entry that an earlier
        entry always shadows; all of them at once.
    """
    known, key_names = set(names), set(keys)
    entries = tuple(read_entry(each, wheres[index] if index < len(wheres) else None) for index, each in enumerate(raw))
    wrong: list[str] = []
    for index, entry in enumerate(entries):
        for permission in entry.fields:
            unknown = sorted((permission.names or set()) - known)
            if unknown:
                wrong.append(f"{_at(entry.where)}{entry}: {resource} has no field {', '.join(map(repr, unknown))}")
            hides = not entry.allow and permission.mode == "view"
            spoken_of = known if permission.names is None else permission.names & known
            hidden = sorted(
                name
                for name in key_names & spoken_of
                if hides and not _shadowed(entries[:index], entry.principal, name, "view")
            )
            if hidden:
                wrong.append(
                    f"{_at(entry.where)}{entry}: hides the key {', '.join(hidden)} of {resource}; a row that may be "
                    "seen shows its key (allow the key's fields in an earlier entry)"
                )
        if entry.fields and not entry.names and _always_shadowed(entries[:index], entry, known):
            wrong.append(f"{_at(entry.where)}{entry}: never decides anything, because earlier entries always do")
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return entries


def _always_shadowed(earlier: Sequence[Entry], entry: Entry, known: set[str]) -> bool:
    spoken_of = [
        (name, action)
        for permission in entry.fields
        for name in (known if permission.names is None else permission.names & known)
        for action in (("view",) if permission.mode == "view" else ("create", "edit"))
    ]
    return bool(spoken_of) and all(_shadowed(earlier, entry.principal, *each) for each in spoken_of)


def _shadowed(earlier: Sequence[Entry], principal: str, name: str, action: str) -> bool:
    return any(
        each.condition is None and _implies(principal, each.principal) and each.speaks_of_field(name, action)
        for each in earlier
    )


def _implies(principal: str, other: str) -> bool:
    """Tell whether whoever has ``principal`` certainly has ``other``."""
    return other in (principal, Everyone) or (other == Authenticated and principal != Everyone)


def placed(entries: Iterable[Entry], where: Where) -> tuple[Entry, ...]:
    """The same entries, each with a place in the source where it had none."""
    return tuple(entry if entry.where else replace(entry, where=where) for entry in entries)
