"""Names by REST habit: plural, kebab-case."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def resource_name(model_name: str) -> str:
    """The name of a model's resource in URLs: ``LeaveRequest`` → ``leave-requests``.

    English plurals by their three rules; a model with another plural says so with ``name=``.
    """
    words = [word.lower() for word in _WORD.findall(model_name)]
    last = words[-1]
    if re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return "-".join([*words[:-1], last])


def is_resource_name(name: str) -> bool:
    """Tell whether a name is fit for a URL: lower-case words of letters and digits, joined by hyphens."""
    return _NAME.fullmatch(name) is not None
