"""The stored tasks in plain Python, and what each write by each role comes to: the statuses that the answer may have,
and the table after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from .documents import GENERATED, KEY, TYPES, Conflicting, Wrong, document, equal, merged, patched, same
from .rules import (
    TAGS,
    TEAMS,
    Row,
    grants,
    may,
    may_try,
    never_seen,
    never_written,
    sees,
    sees_field,
    writes_field,
)
from .writes import Array, Batch, Body, Create, Delete, Filter, Merge, One, Patch, Refused, Replace, Verdict, Write

T = TypeVar("T")

NAMES = frozenset({*TYPES, "tags"})
REQUIRED = frozenset({"code", "title"})
UNIQUE = ("code", "title", "secret")
DEFAULTS: Row = {"price": TYPES["price"]("10"), "state": "open", "grade": "C"}

#: Filters by name: the field that each asks of, and what must hold of its value.
FILTERS: dict[str, tuple[str | None, Callable[[Any], bool]]] = {
    "": (None, lambda _: True),
    "state=open": ("state", lambda value: value == "open"),
    "points__gt=20": ("points", lambda value: value is not None and value > 20),
    "note=note-1": ("note", lambda value: value == "note-1"),
    "note__isnull=true": ("note", lambda value: value is None),
    "secret=secret-1": ("secret", lambda value: value == "secret-1"),
    "code__in=a,b": ("code", lambda value: value in ("a", "b")),
}


class Table:
    """All tasks by code, and the codes that steps refer to."""

    def __init__(self, rows: dict[str, Row], referred: frozenset[str] = frozenset()) -> None:
        self.rows = rows
        self.referred = referred

    def judge(self, role: str | None, write: Write) -> Verdict:
        """What a write comes to; the table is afterwards what it leaves."""
        before = deepcopy(self.rows)
        try:
            if role is None:
                raise Refused(401)
            match write:
                case Array():
                    verdict = self._array(role, write)
                case Filter():
                    verdict = self._filter(role, write)
                case Batch():
                    verdict = self._batch(role, write)
                case _:
                    self._require_try(role, write)
                    shown = self.shown(role, self._one(role, write))
                    status = 201 if isinstance(write, Create) else 204 if shown is None else 200
                    verdict = Verdict(frozenset({status}), [shown])
        except Refused as refused:
            verdict = Verdict(refused.statuses)
        if not verdict.done:
            self.rows = before
        return verdict

    def shown(self, role: str | None, code: str) -> Body | None:
        """A task as an answer shows it to a role; None if they do not see it, or it is gone."""
        row = self.rows.get(code)
        if row is None or not sees(role, row):
            return None
        return document(role, row, {name for name in TYPES if sees_field(role, name, row)})

    # -- One record

    def _require_try(self, role: str, write: One) -> None:
        action = _action(write)
        if not may_try(role, action):
            raise Refused(403 if action == "create" or may_try(role, "view") else 404)

    def _one(self, role: str, write: One) -> str:
        """Do it; the code of the task afterwards."""
        match write:
            case Create():
                return self._create(role, write.body)
            case Delete():
                return self._delete(role, write.code)
            case _:
                return self._edit(role, write)

    def _create(self, role: str, body: Body) -> str:
        return self._result(role, "create", None, self._new(role, body), frozenset(body))

    def _new(self, role: str, body: Body) -> Row:
        """The row that a body makes, as far as it is known before it is stored."""
        hidden = never_seen(role) | (frozenset() if TAGS.get(role) else {"tags"})
        invalid = bool(set(body) - (NAMES - hidden)) or bool(REQUIRED - set(body)) or bool(GENERATED & set(body))
        values = self._parsed(role, body)
        if values is None or invalid:
            raise Refused(422)
        if set(body) & never_written(role):
            raise Refused(403)
        row: Row = {**dict.fromkeys(TYPES), **DEFAULTS, "made_by": "a function", **values}
        row["tags"] = frozenset(values.get("tags", ()))
        return row

    def _edit(self, role: str, write: Replace | Merge | Patch) -> str:
        row = self._visible(role, write.code)
        if not may(role, "edit", row):
            raise Refused(403)
        known = {name for name in NAMES if sees_field(role, name, row)}
        writable = {name for name in known if writes_field(role, name, "edit", row)}
        members = self._members(role, write, row, known, writable)
        invalid = bool(set(members) - known)
        shown = document(role, row, known)
        locked = [name for name in members if name in known and (name in GENERATED or name not in writable)]
        stays = {name for name in locked if same(name, members[name], shown[name])}
        forbidden = [name for name in locked if name not in stays and name not in GENERATED]
        invalid |= any(name in GENERATED and name not in stays for name in locked)
        if isinstance(write, Replace):
            invalid |= any(name in writable and name not in members for name in REQUIRED - {KEY})
        sent = {name: value for name, value in members.items() if name in known and name not in stays}
        values = self._parsed(role, {name: value for name, value in sent.items() if name not in GENERATED}, row)
        if invalid or values is None:
            raise Refused(422)
        if forbidden:
            raise Refused(403)
        if "tags" in values:
            values["tags"] = frozenset(values["tags"]) | (row["tags"] - TAGS[role])
        changed = {name: value for name, value in values.items() if not equal(value, row[name])}
        if not changed:
            return write.code
        return self._result(role, "edit", row, {**row, **changed}, frozenset(changed))

    def _members(
        self, role: str, write: Replace | Merge | Patch, row: Row, known: set[str], writable: set[str]
    ) -> Body:
        shown = document(role, row, known)
        match write:
            case Replace():
                left_out: Body = {}
                for name in writable - GENERATED - {KEY, "tags", "made_by"} - set(write.body):
                    if name in DEFAULTS:
                        left_out[name] = str(DEFAULTS[name])
                    elif name not in REQUIRED:
                        left_out[name] = None
                return {**write.body, **left_out}
            case Merge():
                return {
                    name: merged(shown.get(name), value) if isinstance(value, dict) else value
                    for name, value in write.patch.items()
                }
            case Patch():
                named = {each.split("/")[1] for one in write.operations for each in _pointers(one) if each}
                before = {name: value for name, value in shown.items() if name != "tags" or name in named}
                try:
                    after = patched(before, write.operations)
                except Conflicting:
                    raise Refused(409) from None
                if not isinstance(after, dict):
                    raise Refused(422)
                changed = {name: value for name, value in after.items() if not same(name, value, before.get(name, ...))}
                return {**changed, **{name: None for name in before if name not in after}}

    def _delete(self, role: str, code: str) -> str:
        row = self._visible(role, code)
        if not may(role, "delete", row):
            raise Refused(403)
        if code in self.referred:
            raise Refused(409)
        del self.rows[code]
        return code

    def _visible(self, role: str, code: str) -> Row:
        row = self.rows.get(code)
        if row is None or not sees(role, row):
            raise Refused(404)
        return row

    def _parsed(self, role: str, members: Body, row: Row | None = None) -> Row | None:
        """The values; None if any is wrong or leads nowhere."""
        values: Row = {}
        try:
            for name, value in members.items():
                if name == "tags":
                    values[name] = self._tags(role, value)
                elif name in TYPES:
                    values[name] = TYPES[name](value)
        except Wrong:
            return None
        team = values.get("team_name")
        if team is not None and (row is None or team != row["team_name"]) and team not in TEAMS.get(role, set()):
            return None
        return values

    def _tags(self, role: str, value: Any) -> list[int]:
        if not isinstance(value, list) or any(type(each) is not int for each in value):
            raise Wrong
        if len(set(value)) < len(value) or not set(value) <= TAGS.get(role, set()):
            raise Wrong
        return value

    def _result(self, role: str, action: str, before: Row | None, row: Row, written: frozenset[str]) -> str:
        """Store a row, if the database and the policy take it."""
        row["twice"] = None if row["points"] is None else row["points"] * 2
        broken = self._broken(before, row)
        if broken:
            raise Refused(*broken)
        if not grants(role, action, row) or not all(writes_field(role, name, action, row) for name in written):
            raise Refused(403)
        if before is not None:
            del self.rows[before["code"]]
        self.rows[row["code"]] = row
        return str(row["code"])

    def _broken(self, before: Row | None, row: Row) -> set[int]:
        """What the database would say, in whichever order it looks."""
        others = [each for each in self.rows.values() if each is not before]
        broken = set()
        for name in UNIQUE:
            if row[name] is not None and any(row[name] == each[name] for each in others):
                broken.add(409)
        if before is not None and row["code"] != before["code"] and (before["tags"] or before["code"] in self.referred):
            broken.add(409)
        points, bonus = row["points"], row["bonus"]
        if points is not None and (points >= 1000 or (bonus is not None and points < bonus)):
            broken.add(422)
        if row["secret"] == "no":
            broken.add(422)
        return broken

    # -- Several

    def _array(self, role: str, write: Array) -> Verdict:
        if not may_try(role, _action(write.items[0])):
            raise Refused(403)
        claimed: set[tuple[str, Any]] = set()

        def perform(item: One) -> str:
            if isinstance(item, Create):
                self._claim(self._new(role, item.body), claimed)
            return self._one(role, item)

        codes, refused = self._each(write.items, perform)
        if refused:
            return Verdict(frozenset().union(*refused.values()), refused=frozenset(refused))
        status = 201 if isinstance(write.items[0], Create) else 200
        return Verdict(frozenset({status}), [self.shown(role, code) for code in codes])

    def _claim(self, row: Row, claimed: set[tuple[str, Any]]) -> None:
        """Of those that give the same unique value all but the first are in the way, whether that one is or not."""
        claims = {(name, row[name]) for name in UNIQUE if row[name] is not None}
        taken = claims & claimed
        claimed |= claims
        if taken:
            raise Refused(409)

    def _batch(self, role: str, write: Batch) -> Verdict:
        """What an array would be if each of its items had come by its own address, and was shown at once."""

        def perform(item: One) -> Body | None:
            self._require_try(role, item)
            return self.shown(role, self._one(role, item))

        shown, refused = self._each(write.items, perform)
        if refused:
            return Verdict(frozenset().union(*refused.values()), refused=frozenset(refused))
        return Verdict(frozenset({200}), shown)

    def _each(self, items: Sequence[One], perform: Callable[[One], T]) -> tuple[list[T], dict[int, frozenset[int]]]:
        """Do it with each; the statuses of those that are refused, by their places."""
        done: list[T] = []
        refused: dict[int, frozenset[int]] = {}
        for index, item in enumerate(items):
            try:
                done.append(perform(item))
            except Refused as reason:
                refused[index] = reason.statuses
        return done, refused

    def _filter(self, role: str, write: Filter) -> Verdict:
        action = "delete" if write.change is None else "edit"
        if not may_try(role, action):
            raise Refused(403)
        name, holds = FILTERS[write.filter]
        if name in never_seen(role):
            raise Refused(400)
        meant = [code for code, row in sorted(self.rows.items()) if sees(role, row) and holds(_seen(role, name, row))]
        if len(meant) > write.most:
            raise Refused(409)
        if write.change is None:
            if not all(may(role, "delete", self.rows[code]) for code in meant):
                raise Refused(403)
            for code in meant:
                self._delete(role, code)
            return Verdict(frozenset({200}), [None for _ in meant])
        kind = Patch if isinstance(write.change, list) else Merge
        codes = [self._edit(role, kind(code, write.change)) for code in meant]  # type: ignore[arg-type]
        return Verdict(frozenset({200}), [self.shown(role, code) for code in codes])


def _action(write: One) -> str:
    return {Create: "create", Delete: "delete"}.get(type(write), "edit")


def _seen(role: str, name: str | None, row: Row) -> Any:
    return row[name] if name is not None and sees_field(role, name, row) else None


def _pointers(operation: dict[str, Any]) -> list[str]:
    return [operation["path"], operation.get("from", "")]
