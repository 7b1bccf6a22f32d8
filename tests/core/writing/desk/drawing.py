"""Random tasks, and random writes of them, of which many are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from .documents import TYPES, document
from .rules import ROLES, Row, may, sees_field
from .table import FILTERS, NAMES, Table
from .writes import Array, Batch, Body, Create, Delete, Filter, Merge, One, Patch, Replace, Write

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

CODES = "abcdef"
#: Who asks, some more often than others.
WHO: list[str | None] = [
    role for role, times in zip(ROLES, (3, 1, 6, 5, 3, 1, 1, 1, 1), strict=True) for _ in range(times)
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


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A few tasks, which the database would take."""
    rows: dict[str, Row] = {}
    for index, code in enumerate(CODES[: draw(st.integers(2, 4))]):
        row: Row = {name: TYPES[name](draw(st.sampled_from(VALUES[name]))) for name in VALUES if name != "tags"}
        points = draw(st.sampled_from([60, 5, 60, 30, None]))
        bonus = draw(st.sampled_from([None, 0, 5]))
        row |= {"code": code, "title": f"t{index}", "points": points, "bonus": bonus, "twice": points and points * 2}
        row["owner_id"] = draw(st.sampled_from([7, 7, 7, 8, 9, None]))
        row["secret"] = draw(st.sampled_from([None, f"secret-{index}"]))
        row["team_name"] = draw(st.sampled_from([None, "blue", "dark"]))
        row["tags"] = draw(st.frozensets(st.sampled_from([1, 2, 5, 10]), max_size=3))
        rows[code] = row
    return Table(rows, draw(st.frozensets(st.sampled_from(sorted(rows)), max_size=1)))


def write(draw: Draw[Any], table: Table) -> tuple[str | None, Write]:
    """Who writes what, given what is stored."""
    role = draw(st.sampled_from(WHO))
    match draw(st.integers(0, 11)):
        case 0 | 1:
            return role, _array(draw, table, role)
        case 2:
            return role, _filter(draw, table, role)
        case 3 | 4:
            return role, Batch([_one(draw, table, role, _kind(draw)) for _ in range(draw(st.integers(1, 3)))])
        case _:
            return role, _one(draw, table, role, _kind(draw))


def _kind(draw: Draw[Any]) -> str:
    kind: str = draw(st.sampled_from(["create", "replace", "merge", "patch", "delete"]))
    return kind


def _one(draw: Draw[Any], table: Table, role: str | None, kind: str) -> One:
    near = [each for each, row in table.rows.items() if may(role, "delete" if kind == "delete" else "edit", row)]
    code = draw(st.sampled_from(near if near and draw(st.integers(0, 4)) else [*CODES]))
    match kind:
        case "create":
            free = [each for each in CODES if each not in table.rows] or [*CODES]
            members = _members(draw, sorted(NAMES - {"twice"}))
            return Create(
                {"code": draw(st.sampled_from(free)), "title": draw(st.sampled_from(VALUES["title"])), **members}
            )
        case "replace":
            return Replace(code, _body(draw, table, role, code))
        case "merge":
            return Merge(code, _members(draw, sorted(NAMES - {"twice"})))
        case "patch":
            number = draw(st.integers(0, 4))
            return Patch(code, [_operation(draw, table, role, code) for _ in range(number)])
    return Delete(code)


def _members(draw: Draw[Any], names: list[str], most: int = 3) -> Body:
    """Some members; the key seldom."""
    # More often those whose writing depends on the row.
    often = [name for name in names if name in ("points", "bonus", "tags", "owner_id")]
    chosen = draw(st.lists(st.sampled_from([*names, *often, *often, *often]), min_size=1, max_size=most, unique=True))
    if "code" in chosen and draw(st.integers(0, 2)):
        chosen.remove("code")
    body = {name: draw(st.sampled_from(VALUES[name])) for name in chosen}
    if "bonus" in names and draw(st.integers(0, 3)) == 0:
        body |= {"points": draw(st.sampled_from([60, 5])), "bonus": draw(st.sampled_from([5, 0, None]))}
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(sorted(set(WRONG) - {"code"})))
        body[name] = draw(st.sampled_from(WRONG[name]))
    return body


def _body(draw: Draw[Any], table: Table, role: str | None, code: str) -> Body:
    """A whole body: what one has seen, with something changed; or anything."""
    changes = _members(draw, sorted(NAMES - {"twice"}))
    row = table.rows.get(code)
    if row is None or draw(st.integers(0, 2)) == 0:
        return {"title": draw(st.sampled_from(VALUES["title"])), **changes}
    left_out = draw(st.lists(st.sampled_from(sorted(NAMES)), max_size=3))
    seen = document(role, row, {name for name in NAMES if sees_field(role, name, row)})
    return {**{name: value for name, value in seen.items() if name not in left_out}, **changes}


def _operation(draw: Draw[Any], table: Table, role: str | None, code: str) -> dict[str, Any]:
    """One operation: mostly one that puts a value where it may be, or finds the one that is there."""
    op = draw(st.sampled_from(["replace", "replace", "add", "add", "test", "test", "remove", "copy", "move"]))
    path = draw(st.sampled_from(PLACES))
    name = path.split("/")[1]
    row = table.rows.get(code)
    if op in ("copy", "move"):
        source = draw(st.sampled_from([each for each in PLACES if not f"{path}/".startswith(f"{each}/")]))
        return {"op": op, "path": path, "from": source}
    if op == "remove":
        return {"op": op, "path": draw(st.sampled_from([each for each in PLACES if each not in NEEDED]))}
    if op == "test" and row is not None and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(NAMES)))
        return {"op": op, "path": f"/{name}", "value": document("hr", row, set(NAMES))[name]}
    wrong = WRONG.get(name, []) if draw(st.integers(0, 9)) == 0 else []
    value = draw(st.sampled_from(wrong or VALUES.get(name) or [1]))
    return {"op": op, "path": path, "value": draw(st.sampled_from([1, 2, 5, 10])) if "/tags/" in path else value}


def _array(draw: Draw[Any], table: Table, role: str | None) -> Array:
    kind = draw(st.sampled_from(["create", "replace", "merge", "delete"]))
    items: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        item = _one(draw, table, role, kind)
        # Its key says which record an item means, so it cannot change.
        if isinstance(item, Replace):
            item = Replace(item.code, {**item.body, "code": item.code})
        elif isinstance(item, Merge):
            item = Merge(item.code, {**item.patch, "code": item.code})
        items.append(item)
    return Array(items)


def _filter(draw: Draw[Any], table: Table, role: str | None) -> Filter:
    change = draw(st.sampled_from(["merge", "patch", "delete"]))
    what: Any = None
    if change == "merge":
        what = _members(draw, sorted(NAMES - {"twice", "code", "title", "secret"}), 2)
    elif change == "patch":
        what = [_operation(draw, table, role, "a") for _ in range(draw(st.integers(1, 2)))]
    return Filter(draw(st.sampled_from(sorted(FILTERS))), what, draw(st.sampled_from([1, 2, 5, 20])))
