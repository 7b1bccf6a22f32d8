"""Options that mean the same on every verb that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from .invocation import Invocation

F = TypeVar("F", bound=Callable[..., Any])

_JSON = "colonnade.json"


def acting_option(function: F) -> F:
    """Give a verb ``--as USER``: `Invocation.identity` is that user's then. Only verbs that heed it have it."""

    def remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            context.ensure_object(Invocation).as_user = value

    option = click.option(
        "--as",
        "as_user",
        metavar="USER",
        expose_value=False,
        callback=remember,
        help="Act under this user's permissions, not as the operator, who has all.",
    )
    return option(function)


def json_option(function: F) -> F:
    """Give a verb ``--json``, as the argument `as_json`. A problem is then written as JSON, too."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> bool:
        context.meta[_JSON] = value
        return value

    option = click.option(
        "--json", "as_json", is_flag=True, is_eager=True, callback=remember, help="Write JSON, for programs."
    )
    return option(function)


def expect_json(context: click.Context, arguments: Sequence[str]) -> None:
    """Take ``--json`` for what it looks like, until the verb has read it: that may fail for want of an application."""
    context.meta[_JSON] = "--json" in arguments


def wants_json(context: click.Context) -> bool:
    """Tell whether the verb that runs was asked for JSON."""
    return bool(context.meta.get(_JSON, False))
