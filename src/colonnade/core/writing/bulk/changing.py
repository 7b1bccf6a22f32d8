"""What a row that leads to a stored record changes of it, and whether its author may; what the others must not lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from colonnade.core.problems import Forbidden
from colonnade.core.resources import Field
from colonnade.core.writing.bodies import same
from colonnade.core.writing.fields import READ_ONLY

from .columns import Columns
from .rows import Entry, Match, Reason, Refusals

#: The code of a refusal that is the policy's, for a whole row.
FORBIDDEN = "forbidden"


class Changes:
    """Divides rows with a key into those that create, those that change something, and those that do not."""

    def __init__(self, columns: Columns, refusals: Refusals) -> None:
        self._columns = columns
        self._fields = columns.fields
        self._resource = columns.resource
        self._refusals = refusals
        self._creatable: dict[tuple[str, ...], list[Reason]] = {}

    def divide(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry], list[Entry]]:
        """The rows that create, that change and that leave as it is; those that their author may not write are refused.

        Of a row that changes a record only the values stay that change.
        """
        created: list[Entry] = []
        changed: list[Entry] = []
        unchanged: list[Entry] = []
        for entry in entries:
            if entry.match is None:
                if self._may_create(entry):
                    created.append(entry)
                continue
            found = len(self._refusals)
            entry.values = self._changes(entry, entry.match)
            if entry.values and not entry.match.permitted:
                self._refuse(entry, (), f"is no record of {self._resource.name} that you may edit", FORBIDDEN)
            if len(self._refusals) == found:
                (changed if entry.values else unchanged).append(entry)
        return created, changed, unchanged

    def _changes(self, entry: Entry, match: Match) -> dict[str, Any]:
        changes = {}
        for name, value in entry.values.items():
            field = self._resource.fields.get(name)
            if field is None:
                changes[name] = value  # a list of keys, compared when the record is at hand
            elif name not in match.readable:
                self._refuse(entry, (name,), "is no field that you see of this record", "unknown_field")
            elif _equal(field, value, match.values[name]):
                continue
            elif field.generated:
                self._refuse(entry, (name,), "is made by the database; leave it out, or as it is", "generated")
            elif name not in match.writable:
                self._refuse(entry, (name,), "may be seen but not written by you", READ_ONLY)
            else:
                changes[name] = value
        return changes

    def _may_create(self, entry: Entry) -> bool:
        for name in [name for name, value in entry.values.items() if value is None]:
            if self._resource.fields[name].generated:
                del entry.values[name]
        names = tuple(entry.values)
        if names not in self._creatable:
            self._creatable[names] = self._reasons(names)
        for columns, reason, code in self._creatable[names]:
            self._refuse(entry, columns, reason, code)
        return not self._creatable[names]

    def _reasons(self, names: tuple[str, ...]) -> list[Reason]:
        """Why no record may be created of these fields."""
        fields = self._fields
        if not fields.access.may("create"):
            return [((), f"is no record of {self._resource.name} that you see, and you may create none", FORBIDDEN)]
        faults = ((name, fault) for name in names if (fault := fields.fault(name)))
        reasons: list[Reason] = [((name,), fault.detail, fault.code or "") for name, fault in faults]
        missing = [field.name for field in fields.missing(names)]
        reasons += [((name,), "is required", "missing") for name in missing]
        try:
            fields.require_possible([*names, *missing])
        except Forbidden as problem:
            reasons.append(((), problem.detail, FORBIDDEN))
        return reasons

    def _refuse(self, entry: Entry, names: tuple[str, ...], reason: str, code: str) -> None:
        self._refusals.add(entry.line, (self._columns.headers.get(name, name) for name in names), reason, code)


def _equal(field: Field, one: Any, other: Any) -> bool:
    """Tell whether a value is the stored one; most are of the same simple class, which is quick to tell."""
    if type(one) is type(other) and not isinstance(one, (list, dict, float)):
        return bool(one == other)
    return same(field, one, other)
