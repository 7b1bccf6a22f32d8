"""``colonnade token``: add, list, revoke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from colonnade.core.console import Invocation, duration_of, json_option, note, pass_invocation, write_json, write_table
from colonnade.plugins.accounts.models import Token, now
from colonnade.plugins.accounts.narrowing import check_pairs
from colonnade.plugins.accounts.tokens import create_token, revoke_token, tokens_of
from colonnade.plugins.accounts.users import find_user


class Moment(click.ParamType[datetime]):
    """A moment to come: after so many hours, days or weeks (12h, 30d, 4w), or the end of a day, UTC (2026-12-31)."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            if (duration := duration_of(value)) is not None:
                return now() + duration
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no moment; write 30d, 12h, 4w or a day, 2026-12-31", param, ctx)


@click.group()
def token() -> None:
    """Look after tokens, by which programs act for users."""


@token.command()
@click.argument("name")
@click.option("--label", default="", help="What it is for.")
@click.option("--expires", type=Moment(), metavar="WHEN", help="12h, 30d, 4w, or the end of a day: 2026-12-31 (UTC).")
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="RESOURCE:PERMISSION",
    help="Leave only this of the user's permissions, such as employees:view; may be repeated.",
)
@json_option
@pass_invocation
def add(
    invocation: Invocation, name: str, label: str, expires: datetime | None, allowed: tuple[str, ...], as_json: bool
) -> None:
    """Make a token for a user, and print it: once, for it is kept nowhere."""
    narrowed = check_pairs(allowed, invocation.registry) if allowed else None
    with invocation.session() as session:
        user = find_user(session, name)
        made, text = create_token(session, user, label=label, expires=expires, narrowed=narrowed)
        shown, active = _shown(made), user.active
    if as_json:
        write_json({**shown, "token": text})
    else:
        note(f"The token of {name}, shown only now:")
        click.echo(text)
    if not active:
        note(f"{name} is not active, so it will be refused until: colonnade user activate {name}")


@token.command("list")
@click.argument("name")
@json_option
@pass_invocation
def list_(invocation: Invocation, name: str, as_json: bool) -> None:
    """List the tokens of a user, the newest first."""
    with invocation.session() as session:
        tokens = [_shown(each) for each in tokens_of(session, find_user(session, name))]
    if as_json:
        write_json(tokens)
        return
    headings = ("prefix", "label", "created", "expires", "revoked", "last_used")
    rows = [tuple(each[heading] for heading in headings) for each in tokens]
    allowed = ("all" if each["allowed"] is None else " ".join(each["allowed"]) for each in tokens)
    write_table((*headings, "allowed"), [(*row, text) for row, text in zip(rows, allowed, strict=True)])


@token.command()
@click.argument("token", metavar="PREFIX")
@json_option
@pass_invocation
def revoke(invocation: Invocation, token: str, as_json: bool) -> None:
    """Revoke a token, at once and for good. PREFIX is what lists show of it; the whole token will do, too."""
    with invocation.session() as session:
        shown = _shown(revoke_token(session, token))
    if as_json:
        write_json(shown)
    else:
        click.echo(f"Revoked {shown['prefix']}.")


def _shown(token: Token) -> dict[str, Any]:
    """What may be shown of a token: never its secret."""
    return {
        "prefix": f"clnd_{token.prefix}",
        "user": token.user.name,
        "label": token.label,
        "created": token.created,
        "expires": token.expires,
        "revoked": token.revoked,
        "last_used": token.last_used,
        "allowed": None if token.narrowed is None else token.narrowed.split(),
    }
