"""Random tasks, and random writes of them, of which many are right."""

from __future__ import annotations

from random import Random
from typing import Any

from .documents import TYPES, document
from .rules import ROLES, Row, may, sees_field
from .table import FILTERS, NAMES, Table
from .writes import Array, Batch, Body, Create, Delete, Filter, Merge, One, Patch, Replace, Write

CODES = "abcdef"
#: Who asks, some more often than others.
WHO: list[str | None] = [
    role for role, times in zip(ROLES, (4, 1, 9, 5, 3, 1, 1, 1, 1), strict=True) for _ in range(times)
]
#: Values that are right, or could be. What is like mark-1 is looked for in answers.
VALUES: dict[str, list[Any]] = {
    "code": [*CODES],
    "title": [f"t{number}" for number in range(24)],
    "points": [5, 30, 50, 51, 60, 999, None, 0],
    "price": ["10.00", 20, "30.5", "0"],
    "state": ["open", "open", "sealed", "done", "frozen"],
    "owner_id": [7, 7, 8, 9, None],
    "secret": [f"secret-{number}" for number in range(9)] + [None],
    "note": [None, "note-0", "note-1", "note-2"],
    "bonus": [None, 0, 5, 5, 60],
    "grade": ["A", "B", "C"],
    "origin": [None, "origin-0"],
    "data": [None, "data-0", {"a": "data-1", "b": {"c": None}}, {"b": None}, [1, True, "data-2"], {}],
    "made_by": ["me"],
    "team_name": [None, "blue", "red", "dark"],
    "tags": [[], [1], [2, 10], [10, 2], [1, 2, 10], [5]],
}
WRONG: dict[str, list[Any]] = {
    "code": [None, "x" * 11, 5],
    "title": ["", None, "x" * 21, 5],
    "points": [-1, "5", True, 2**31, 1000],
    "price": ["x", None, "1.001", 10**6, []],
    "state": [None, "x" * 11],
    "owner_id": ["7", 10**20],
    "secret": ["no", 5, "x" * 21],
    "team_name": ["none", 5],
    "tags": [None, "1", [1, 1], ["1"], [None], [1, 50], [99]],
    "twice": [1, None, "x"],
    "odd": [1, "odd"],
    "team": ["blue", None],
}
#: Where an operation of a patch may point, and those whose removal no record survives.
PLACES = [f"/{name}" for name in sorted(NAMES)] + "/data/a /data/b/c /data/- /data/0 /odd /tags/0 /tags/-".split()
NEEDED = frozenset(f"/{name}" for name in ("code", "title", "price", "state", "grade", "made_by", "twice"))


def a_table(dice: Random) -> Table:
    """A few tasks, which the database would take."""
    rows: dict[str, Row] = {}
    for index, code in enumerate(CODES[: dice.randint(2, 4)]):
        row: Row = {name: TYPES[name](dice.choice(VALUES[name])) for name in VALUES if name != "tags"}
        points = dice.choice([60, 5, 60, 30, None])
        bonus = dice.choice([None, 0, 5])
        row |= {"code": code, "title": f"t{index}", "points": points, "bonus": bonus, "twice": points and points * 2}
        row["owner_id"] = dice.choice([7, 7, 7, 8, 9, None]) if rows else 7
        row["state"] = dice.choice(VALUES["state"]) if rows else dice.choice(["open", "sealed"])
        row["secret"] = dice.choice([None, f"secret-{index}"])
        row["team_name"] = dice.choice([None, "blue", "dark"])
        row["tags"] = frozenset(dice.sample([1, 2, 5, 10], dice.randint(0, 3)))
        rows[code] = row
    return Table(rows, frozenset(dice.sample(sorted(rows), dice.randint(0, 1))))


def write(dice: Random, table: Table) -> tuple[str | None, Write]:
    """Who writes what, given what is stored."""
    role = dice.choice(WHO)
    match dice.randint(0, 11):
        case 0 | 1:
            return role, _array(dice, table, role)
        case 2:
            return role, _filter(dice, table, role)
        case 3 | 4:
            return role, Batch([_one(dice, table, role, _kind(dice)) for _ in range(dice.randint(1, 3))])
        case _:
            return role, _one(dice, table, role, _kind(dice))


def _kind(dice: Random) -> str:
    kind: str = dice.choice(["create", "replace", "merge", "patch", "delete"])
    return kind


def _one(dice: Random, table: Table, role: str | None, kind: str) -> One:
    near = [each for each, row in table.rows.items() if may(role, "delete" if kind == "delete" else "edit", row)]
    code = dice.choice(near if near and dice.randint(0, 4) else [*CODES])
    match kind:
        case "create":
            free = [each for each in CODES if each not in table.rows] or [*CODES]
            members = _members(dice, sorted(NAMES - {"twice"}))
            return Create({"code": dice.choice(free), "title": dice.choice(VALUES["title"]), **members})
        case "replace":
            return Replace(code, _body(dice, table, role, code))
        case "merge":
            return Merge(code, _members(dice, sorted(NAMES - {"twice"})))
        case "patch":
            number = dice.randint(0, 4)
            return Patch(code, [_operation(dice, table, role, code) for _ in range(number)])
    return Delete(code)


def _members(dice: Random, names: list[str], most: int = 3) -> Body:
    """Some members; the key seldom."""
    # More often those whose writing depends on the row.
    often = [name for name in names if name in ("points", "bonus", "tags", "owner_id")]
    chosen = list(dict.fromkeys(dice.choices([*names, *often, *often, *often], k=dice.randint(1, most))))
    if "code" in chosen and dice.randint(0, 2):
        chosen.remove("code")
    body = {name: dice.choice(VALUES[name]) for name in chosen}
    if "bonus" in names and dice.randint(0, 3) == 0:
        body |= {"points": dice.choice([60, 5]), "bonus": dice.choice([5, 0, None])}
    if dice.randint(0, 9) == 0:
        name = dice.choice(sorted(set(WRONG) - {"code"}))
        body[name] = dice.choice(WRONG[name])
    return body


def _body(dice: Random, table: Table, role: str | None, code: str) -> Body:
    """A whole body: what one has seen, with something changed; or anything."""
    changes = _members(dice, sorted(NAMES - {"twice"}))
    row = table.rows.get(code)
    if row is None or dice.random() < 0.5:
        return {"title": dice.choice(VALUES["title"]), **changes}
    left_out = dice.sample(sorted(NAMES), dice.randint(0, 3))
    seen = document(role, row, {name for name in NAMES if sees_field(role, name, row)})
    return {**{name: value for name, value in seen.items() if name not in left_out}, **changes}


def _operation(dice: Random, table: Table, role: str | None, code: str) -> dict[str, Any]:
    """One operation: mostly one that puts a value where it may be, or finds the one that is there."""
    op = dice.choice(["replace", "replace", "add", "add", "test", "test", "remove", "copy", "move"])
    path = dice.choice(PLACES)
    name = path.split("/")[1]
    row = table.rows.get(code)
    if op in ("copy", "move"):
        source = dice.choice([each for each in PLACES if not f"{path}/".startswith(f"{each}/")])
        return {"op": op, "path": path, "from": source}
    if op == "remove":
        return {"op": op, "path": dice.choice([each for each in PLACES if each not in NEEDED])}
    if op == "test" and row is not None and dice.randint(0, 4):
        name = dice.choice(sorted(NAMES))
        return {"op": op, "path": f"/{name}", "value": document("hr", row, set(NAMES))[name]}
    wrong = WRONG.get(name, []) if dice.randint(0, 9) == 0 else []
    value = dice.choice(wrong or VALUES.get(name) or [1])
    return {"op": op, "path": path, "value": dice.choice([1, 2, 5, 10]) if "/tags/" in path else value}


def _array(dice: Random, table: Table, role: str | None) -> Array:
    kind = dice.choice(["create", "replace", "merge", "delete"])
    items: list[Any] = []
    for _ in range(dice.randint(1, 3)):
        item = _one(dice, table, role, kind)
        # Its key says which record an item means, so it cannot change.
        if isinstance(item, Replace):
            item = Replace(item.code, {**item.body, "code": item.code})
        elif isinstance(item, Merge):
            item = Merge(item.code, {**item.patch, "code": item.code})
        items.append(item)
    return Array(items)


def _filter(dice: Random, table: Table, role: str | None) -> Filter:
    change = dice.choice(["merge", "patch", "delete"])
    what: Any = None
    if change == "merge":
        what = _members(dice, sorted(NAMES - {"twice", "code", "title", "secret"}), 2)
    elif change == "patch":
        what = [_operation(dice, table, role, "a") for _ in range(dice.randint(1, 2))]
    return Filter(dice.choice(sorted(FILTERS)), what, dice.choice([1, 2, 5, 20]))
