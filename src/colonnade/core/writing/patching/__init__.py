"""Patches as functions over JSON values: merge patch (RFC 7396), JSON Pointer (RFC 6901), JSON Patch (RFC 6902).

A value is what `core.body.parse_json` gives: dict, list, str, int, Decimal, bool, None. Nothing here reads or writes
anything, knows a resource, or changes what it is given. The JSON Patch is our own and not the package jsonpatch: a
patch comes from outside, so all that is wrong with one is told at once and by its place, and its work is bounded.
"""

from __future__ import annotations

from .applying import apply
from .merging import merge
from .operations import Operation, read_operations
from .pointers import Pointer, format_pointer, parse_pointer, resolve
from .values import equal

__all__ = [
    "Operation",
    "Pointer",
    "apply",
    "equal",
    "format_pointer",
    "merge",
    "parse_pointer",
    "read_operations",
    "resolve",
]
