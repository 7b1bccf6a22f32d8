"""``colonnade undo REQUEST``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from colonnade.core.console import (
    Invocation,
    acting_option,
    json_option,
    note,
    pass_invocation,
    write_json,
    write_table,
)

if TYPE_CHECKING:
    from colonnade.core.resources import Resource

#: How many records are listed on a terminal; ``--json`` has all.
MOST_LISTED = 20


@click.command("undo")
@click.argument("request")
@click.option("--dry-run", is_flag=True, help="Do everything, say what came of it, and roll it back.")
@acting_option
@json_option
@pass_invocation
def undo_(invocation: Invocation, request: str, dry_run: bool, as_json: bool) -> None:
    """Bring back what a request changed, by its id: the X-Request-Id of its answer.

    All of it is undone, or nothing. The undo is a request of its own, which can be undone.
    """
    from colonnade.core.changes import origin_of
    from colonnade.core.database import check_deferred
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.writing import Author, writer_for
    from colonnade.core.writing.undoing import undo

    from .access import kept_log
    from .sealing.pruning import pruned_until

    with suppress(_DryRunError), invocation.session() as session:
        own = origin_of(session).request_id
        reading = invocation.database.reading_in(session)
        me = IdentityAttributes(invocation.identity, identity_attributes_of(invocation.registry), lambda: reading)
        writer = writer_for(invocation.registry, Author(session, invocation.access, me, reading))
        undone = undo(writer, kept_log(invocation.registry), request, _path, gone_until=pruned_until)
        check_deferred(session)
        if dry_run:
            raise _DryRunError
    if as_json:
        write_json(
            {
                "request_id": own,
                "undone": undone.request_id,
                "changes": undone.changes,
                "records": [
                    {"verb": each.verb, "resource": each.resource.name, "key": each.key} for each in undone.records
                ],
                **({"dry_run": True} if dry_run else {}),
            }
        )
        return
    listed = undone.records[:MOST_LISTED]
    if listed:
        write_table(("verb", "record"), ((each.verb, _path(each.resource, each.key)) for each in listed))
    if len(undone.records) > len(listed):
        note(f"and {len(undone.records) - len(listed):,} more")
    number = f"{undone.changes:,} {'record' if undone.changes == 1 else 'records'}"
    if dry_run:
        click.echo(f"Would bring back {number}. Nothing was written: this was a dry run.")
    else:
        click.echo(f"Brought back {number}. To undo that: colonnade undo {own}")


class _DryRunError(Exception):
    """Ends a transaction that was for looking only."""


def _path(resource: Resource, key: str) -> str:
    return f"{resource.name}/{key}"
