"""``colonnade import RESOURCE FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, acting_option, json_option, note, pass_invocation, write_json

if TYPE_CHECKING:
    from colonnade.core.resources import Resource
    from colonnade.core.writing import Refusal

#: How many refused rows are printed; --json has all of them.
SHOWN = 50


class Renaming(click.ParamType[tuple[str, str]]):
    """``HEADER=FIELD``."""

    name = "HEADER=FIELD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split it."""
        if isinstance(value, tuple):
            return value
        header, equals, field = str(value).rpartition("=")
        if not (header and equals and field):
            self.fail(f"{value!r} is not HEADER=FIELD, such as dept_no=code or department=department.code", param, ctx)
        return header, field


@click.command("import")
@click.argument("resource")
@click.argument("file")
@click.option(
    "--map",
    "renamed",
    type=Renaming(),
    multiple=True,
    help="What a column is: a field, or RELATION.FIELD, by which the related record is found. May be repeated.",
)
@click.option("--delimiter", default=",", show_default=True, help="What stands between cells; \\t for a tab.")
@acting_option
@json_option
@pass_invocation
def import_(
    invocation: Invocation,
    resource: str,
    file: str,
    renamed: tuple[tuple[str, str], ...],
    delimiter: str,
    as_json: bool,
) -> None:
    """Create a record of RESOURCE for each row of the CSV file FILE (- for standard input).

    The first row names the columns: they are fields of the resource. All rows are created, or none: what is wrong is
    told by line, column and reason.
    """
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.resources import resources_of
    from colonnade.core.writing import BulkCreation, Writer, columns_of

    from .table import CsvTable

    delimiter = {"\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1:
        raise click.BadParameter("one character stands between cells", param_hint="--delimiter")
    resources = resources_of(invocation.registry)
    target = _resource(resource, resources)
    table = CsvTable(file, delimiter)
    columns = columns_of(table.headers, dict(renamed), invocation.access, target)
    with invocation.session() as session:
        me = IdentityAttributes(
            invocation.identity,
            identity_attributes_of(invocation.registry),
            connect=lambda: invocation.database.reading_in(session),
        )
        writer = Writer(session, invocation.access, me, resources)
        with _progress(2 * table.count(), f"{target.name}", shown=not as_json) as told:
            creation = BulkCreation(writer, target, columns, told)
            created = creation.create(table.rows())
    _tell(target, created, creation.refusals, as_json=as_json)


def _resource(name: str, resources: Any) -> Resource:
    from colonnade.core.settings import nearest

    if name not in resources:
        raise click.UsageError(f"there is no resource {name}{nearest(name, list(resources))}")
    found: Resource = resources[name]
    return found


@contextmanager
def _progress(total: int, label: str, *, shown: bool) -> Iterator[Any]:
    """A bar on a terminal; it is written to standard error, and stays away where nobody looks."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task = progress.add_task(label, total=total)
        yield lambda more: progress.advance(task, more)


def _tell(target: Resource, created: int, refusals: list[Refusal], *, as_json: bool) -> None:
    if as_json:
        rows = [{"line": each.line, "column": each.column, "reason": each.reason} for each in refusals]
        write_json({"resource": target.name, "created": created, "refused": rows})
    elif refusals:
        for each in refusals[:SHOWN]:
            note(f"line {each.line}: {each.column}: {each.reason}")
        if len(refusals) > SHOWN:
            note(f"… and {len(refusals) - SHOWN} more; --json lists all")
        lines = len({each.line for each in refusals})
        note(f"Nothing was created: {lines} {'row is' if lines == 1 else 'rows are'} not valid.")
    else:
        click.echo(f"Created {created} {target.name}.")
    if refusals:
        raise click.exceptions.Exit(1)
