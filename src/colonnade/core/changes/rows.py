"""Rows of the log, before they are written."""

from __future__ import annotations

from typing import Any, TypeAlias

from colonnade.core.resources import Resource

from .images import Image, Images

Row: TypeAlias = dict[str, Any]
"""Resource, key, verb, before and after of one change."""


def told(images: Images, before: Image | None, after: Image | None) -> list[Row]:
    """The rows of the log for one record: none if nothing has changed, two if its key has."""
    if before == after:
        return []
    if before is not None and after is not None and images.moved(before, after):
        return [*told(images, before, None), *told(images, None, after)]
    verb = "create" if before is None else "delete" if after is None else "update"
    key = images.key_of((after if after is not None else before) or {})
    return [{"resource": images.resource.name, "key": key, "verb": verb, "before": before, "after": after}]


def written(resource: Resource, key: str, before: str | None, after: str) -> Row:
    """The row for one record that was created or changed, whose images are JSON text already."""
    verb = "create" if before is None else "update"
    return {"resource": resource.name, "key": key, "verb": verb, "before": before, "after": after}
