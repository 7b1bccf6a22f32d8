"""Dotted names, and the lists of them that `sort` and `fields` are."""

from __future__ import annotations

from colonnade.core.reading.limits import ReadingSettings

from .query import Path, SortKey
from .refusal import refused, shortened


def path_of(text: str, parameter: str, most: int) -> Path:
    """Split ``department.name``; `most` is how many relations it may follow. Raises BadRequest."""
    if "." not in text and text:
        return (text,)
    path = tuple(text.split("."))
    if "" in path:
        shown = f"in {shortened(text)!r} " if text else ""
        raise refused(parameter, f"a name is missing {shown}(names are joined by single dots)", code="syntax")
    if len(path) > most + 1:
        raise refused(parameter, f"{shortened(text)!r} follows more than {most} relations", code="too_deep")
    return path


def sort_keys(text: str, parameter: str, limits: ReadingSettings) -> tuple[SortKey, ...]:
    """Read ``-hired_on,name``; the empty text is no order. Raises BadRequest."""
    if not text:
        return ()
    items = text.split(",")
    if len(items) > limits.max_sort:
        raise refused(parameter, f"has more than {limits.max_sort} keys, the most that are allowed", code="too_many")
    keys: dict[Path, SortKey] = {}
    for item in items:
        name = item.strip()
        descending = name.startswith("-")
        path = path_of(name[1:] if descending else name, parameter, limits.max_path)
        if path in keys:
            raise refused(parameter, f"names {shortened('.'.join(path))} twice", code="repeated")
        keys[path] = SortKey(path, descending, parameter)
    return tuple(keys.values())


def field_paths(text: str, limits: ReadingSettings) -> tuple[Path, ...] | None:
    """Read ``name,department.name``; a name that comes twice counts once, the empty text is None. Raises BadRequest."""
    if not text:
        return None
    paths = [path_of(item.strip(), "fields", limits.max_expand_depth) for item in text.split(",")]
    return tuple(dict.fromkeys(paths))
