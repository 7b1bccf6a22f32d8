"""``colonnade migrate``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, json_option, note, pass_invocation, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from colonnade.core.database.migrations import Step
    from colonnade.core.plugins import Plugin


@click.command()
@click.option("--new", nargs=2, metavar="PLUGIN MESSAGE", help="Write the next migration of a plug-in.")
@click.option("--empty", is_flag=True, help="With --new: without operations, to be filled in by hand.")
@click.option("--check", is_flag=True, help="Only tell whether Model classes and migrations agree.")
@click.option("--pending", is_flag=True, help="Only tell which migrations the database has not seen.")
@json_option
@pass_invocation
def migrate(
    invocation: Invocation, new: tuple[str, str] | None, empty: bool, check: bool, pending: bool, as_json: bool
) -> None:
    """Migrate the database: run what it has not seen of the migrations of all plug-ins that are on.

    Running it again, or twice at the same time, does no harm. --check and --new look at an empty database that they
    make and remove; --check and --pending exit with 1 if there is something to do.
    """
    if sum((new is not None, check, pending)) > 1:
        raise click.UsageError("--new, --check and --pending are three different things: say one of them")
    if empty and new is None:
        raise click.UsageError("--empty goes with --new")
    if new is not None:
        _write(invocation, *new, empty=empty, as_json=as_json)
    elif check:
        _check(invocation, as_json=as_json)
    elif pending:
        _tell_pending(invocation, as_json=as_json)
    else:
        _upgrade(invocation, as_json=as_json)


def _upgrade(invocation: Invocation, *, as_json: bool) -> None:
    from colonnade.core.database.migrations import upgrade

    steps = upgrade(invocation.database, _plugins(invocation), (lambda _: None) if as_json else _tell)
    if as_json:
        write_json(_members(steps))
    elif not steps:
        click.echo("The database is up to date.")


def _tell_pending(invocation: Invocation, *, as_json: bool) -> None:
    from colonnade.core.database.migrations import pending

    steps = pending(invocation.database, _plugins(invocation))
    if as_json:
        write_json(_members(steps))
    for step in () if as_json else steps:
        _tell(step)
    raise SystemExit(1 if steps else 0)


def _check(invocation: Invocation, *, as_json: bool) -> None:
    from colonnade.core.database.migrations import check

    comparison = check(invocation.database, _plugins(invocation))
    if as_json:
        found = [
            {"plugin": each.plugin, "database": each.database, "text": each.text} for each in comparison.differences
        ]
        write_json({"differences": found, "notes": comparison.notes})
    else:
        for text in comparison.notes:
            note(text)
        for difference in comparison.differences:
            click.echo(str(difference))
        if not comparison.differences:
            click.echo("Model classes and migrations agree.")
    raise SystemExit(1 if comparison.differences else 0)


def _write(invocation: Invocation, name: str, message: str, *, empty: bool, as_json: bool) -> None:
    from colonnade.core.database.migrations import new_migration
    from colonnade.core.settings import nearest

    plugins = _plugins(invocation)
    plugin = next((each for each in plugins if each.name == name), None)
    if plugin is None:
        raise click.UsageError(f"no plug-in {name} is on{nearest(name, [each.name for each in plugins])}")
    written = new_migration(invocation.database, plugin, plugins, message, empty=empty)
    if as_json:
        write_json({"file": written.path and str(written.path), "notes": written.notes})
        return
    for text in written.notes:
        note(text)
    if written.path is None:
        click.echo(f"Model classes and migrations of {name} agree: there is nothing to write.")
    else:
        click.echo(f"{_short(written.path)}: read it, then run `colonnade migrate`.")


def _plugins(invocation: Invocation) -> Sequence[Plugin]:
    from colonnade.core.plugins import plugins_of

    return plugins_of(invocation.registry)


def _tell(step: Step) -> None:
    click.echo(f"{step.plugin} {step.revision}  {step.summary}".rstrip())


def _members(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"plugin": step.plugin, "revision": step.revision, "summary": step.summary} for step in steps]


def _short(path: Path) -> str:
    """As one would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
