"""``colonnade import RESOURCE FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, acting_option, json_option, note, pass_invocation, write_json

if TYPE_CHECKING:
    from colonnade.core.resources import Resource, Resources
    from colonnade.core.writing import Author
    from colonnade.core.writing.bulk import Created


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
        return header.strip(), field.strip()


class Delimiter(click.ParamType[str]):
    """One character, or ``\\t`` for a tab."""

    name = "SIGN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it."""
        sign = {"\\t": "\t"}.get(value, str(value))
        if len(sign) != 1 or sign in '"\r\n':
            self.fail("one character stands between cells, such as ; or \\t", param, ctx)
        return sign


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
@click.option(
    "--delimiter", type=Delimiter(), default=",", show_default=True, help="What stands between cells; \\t for a tab."
)
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
    from colonnade.core.resources import resources_of
    from colonnade.core.writing import writer_for
    from colonnade.core.writing.bulk import BulkCreation, columns_of

    from .table import opened

    resources = resources_of(invocation.registry)
    target = _resource(resource, resources)
    with opened(file, delimiter) as table:
        columns = columns_of(table.headers, renamed, invocation.access, target)
        with _author(invocation) as author, _progress(table.count(), target.name, shown=not as_json) as told:
            created = BulkCreation(writer_for(invocation.registry, author), target, columns, told).create(table.rows())
    _tell(target, created, as_json=as_json)


def _resource(name: str, resources: Resources) -> Resource:
    from colonnade.core.settings import nearest

    if name not in resources:
        raise click.UsageError(f"there is no resource {name}{nearest(name, list(resources))}")
    return resources[name]


@contextmanager
def _author(invocation: Invocation) -> Iterator[Author]:
    """Who imports, in a transaction of their own."""
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.writing import Author

    with invocation.session() as session:
        me = IdentityAttributes(
            invocation.identity,
            identity_attributes_of(invocation.registry),
            connect=lambda: invocation.database.reading_in(session),
        )
        yield Author(session, invocation.access, me)


@contextmanager
def _progress(total: int, label: str, *, shown: bool) -> Iterator[Any]:
    """A bar on a terminal; it is written to standard error, and stays away where nobody looks."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task = progress.add_task(label, total=total)
        yield lambda more: progress.advance(task, more)


def _tell(target: Resource, result: Created, *, as_json: bool) -> None:
    if as_json:
        refused = [{"line": each.line, "column": each.column, "reason": each.reason} for each in result.refusals]
        write_json(
            {
                "resource": target.name,
                "rows": result.rows,
                "created": result.created,
                "refused": refused,
                "complete": result.complete,
            }
        )
    elif result.refusals:
        for each in result.refusals:
            note(": ".join(filter(None, (f"line {each.line}", each.column, each.reason))))
        lines = len({each.line for each in result.refusals})
        note(f"Nothing was created: {lines:,} of {result.rows:,} rows {'is' if lines == 1 else 'are'} not valid.")
        if not result.complete:
            note("There is so much wrong that the rest was not looked at.")
    else:
        click.echo(f"Created {result.created:,} {target.name}.")
    if result.refusals:
        raise click.exceptions.Exit(1)
