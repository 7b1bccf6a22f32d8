"""Where in the source each entry of a list stands, so that an explanation can name its line."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .acl import Where


def entry_lines(call: Where, directive: str, argument: str, count: int) -> Sequence[Where]:
    """The places of the entries that a directive's call names, in order.

    :param call: the place of the call.
    :param argument: the keyword that holds the list; for a positional one, the first argument is taken.
    :param count: how many entries there are. Where the source does not show just as many (the list is computed, or
        the file cannot be read), the answer is empty, and the call's own place has to do.
    """
    try:
        tree = _parsed(call.file, Path(call.file).stat().st_mtime_ns)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ()
    for node in tree.calls:
        if not _calls(node, directive) or not _spans(node, call.line):
            continue
        given = next((each.value for each in node.keywords if each.arg == argument), None)
        given = given or (node.args[0] if node.args else None)
        if isinstance(given, ast.Name):
            given = _assigned(tree.module, given.id, node)
        if isinstance(given, (ast.List, ast.Tuple)) and len(given.elts) == count:
            return [Where(call.file, each.lineno) for each in given.elts]
    return ()


@dataclass(frozen=True)
class _Parsed:
    module: ast.Module
    calls: Sequence[ast.Call]


@lru_cache(maxsize=8)  # a plug-in calls for each of its resources
def _parsed(file: str, changed: int) -> _Parsed:
    module = ast.parse(Path(file).read_text(encoding="utf-8"))
    return _Parsed(module, [node for node in ast.walk(module) if isinstance(node, ast.Call)])


def _calls(node: ast.Call, directive: str) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == directive


def _spans(node: ast.Call, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _assigned(tree: ast.Module, name: str, before: ast.Call) -> ast.expr | None:
    """The value last given to a name above the call."""
    found: ast.expr | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if node.lineno < before.lineno and any(isinstance(each, ast.Name) and each.id == name for each in targets):
            found = value
    return found
