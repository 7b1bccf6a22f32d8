"""JSON Merge Patch (RFC 7396): a document that looks like what it changes."""

from __future__ import annotations


def merge(target: object, patch: object) -> object:
    """The target as a merge patch changes it: members are set, those that are null removed, arrays replaced as a whole.

    The result may share parts with both, so treat it as a value. Recursion goes as deep as the patch, which
    `core.body` bounds.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
