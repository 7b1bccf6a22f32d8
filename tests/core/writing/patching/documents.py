"""Random JSON values, and a way from one to another."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from colonnade.core.writing.patching import format_pointer
from colonnade.core.writing.patching.values import equal

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.decimals(-3, 3, places=1)
    | st.sampled_from(["", "a", "0", "-", "~", "/"])
)
NAMES = st.sampled_from(["a", "b", "", "0", "1", "-", "~1", "a/b"])


def within(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects and arrays of these values."""
    return st.lists(values, max_size=4) | st.dictionaries(NAMES, values, max_size=4)


DOCUMENTS = st.recursive(SCALARS, within, max_leaves=12)


def difference(before: object, after: object, path: tuple[object, ...] = ()) -> Iterator[dict[str, Any]]:
    """A JSON Patch that makes one value of another, member by member and element by element."""
    match before, after:
        case dict(), dict():
            for name in before.keys() - after.keys():
                yield {"op": "remove", "path": format_pointer((*path, name))}
            for name, value in after.items():
                if name in before:
                    yield from difference(before[name], value, (*path, name))
                else:
                    yield {"op": "add", "path": format_pointer((*path, name)), "value": value}
        case list(), list():
            for index in reversed(range(len(after), len(before))):
                yield {"op": "remove", "path": format_pointer((*path, index))}
            for index, value in enumerate(after):
                if index < len(before):
                    yield from difference(before[index], value, (*path, index))
                else:
                    yield {"op": "add", "path": format_pointer((*path, "-")), "value": value}
        case _ if not equal(before, after):
            yield {"op": "replace", "path": format_pointer(path), "value": after}


def merge_difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A merge patch that makes one object of another; neither may hold a null."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            patch[name] = merge_difference(old, value)
        elif name not in before or not equal(old, value):
            patch[name] = value
    return patch


def without_nulls(value: object) -> object:
    """The same without members that are null, at any depth outside of arrays."""
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(part) for name, part in value.items() if part is not None}
