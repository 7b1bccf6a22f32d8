"""``colonnade import RESOURCE FILE``."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import click

from colonnade.core.console import Invocation, acting_option, json_option, note, pass_invocation, write_json

if TYPE_CHECKING:
    from colonnade.core.resources import Resource
    from colonnade.core.writing import Author
    from colonnade.core.writing.bulk import Outcome

#: The exit code where some rows were written and others rejected; docs/command-line.md lists it.
PARTLY = 5


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


class Names(click.ParamType[tuple[str, ...]]):
    """``FIELD[,FIELD]``."""

    name = "FIELD[,FIELD]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split it."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(","))
        if not all(names):
            self.fail(f"{value!r} is not FIELD[,FIELD], such as number or employee_id,from_date", param, ctx)
        return names


@click.command("import")
@click.argument("resource")
@click.argument("file")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    help="The format of the file; otherwise its name tells: .jsonl and .ndjson are JSON Lines, all else is CSV.",
)
@click.option(
    "--map",
    "renamed",
    type=Renaming(),
    multiple=True,
    help="What a column is: a field, or RELATION.FIELD, by which the related record is found. May be repeated.",
)
@click.option(
    "--key",
    type=Names(),
    default=(),
    help="Unique fields: a row changes the record that has the same values in them; without one it creates a record.",
)
@click.option(
    "--delimiter",
    type=Delimiter(),
    default=",",
    show_default=True,
    help="CSV: what stands between cells; \\t for a tab.",
)
@click.option("--raw", is_flag=True, help="CSV: leave the apostrophe that an export puts before formulas.")
@click.option("--dry-run", is_flag=True, help="Do everything, say what came of it, and undo it.")
@click.option(
    "--continue", "continuing", is_flag=True, help="Write the rows that can be written, and reject the others."
)
@click.option("--rejected", metavar="FILE", help="Where rejected rows go; otherwise FILE.rejected.csv or .jsonl.")
@acting_option
@json_option
@pass_invocation
def import_(
    invocation: Invocation,
    resource: str,
    file: str,
    form: Literal["csv", "jsonl"] | None,
    renamed: tuple[tuple[str, str], ...],
    key: tuple[str, ...],
    delimiter: str,
    raw: bool,
    dry_run: bool,
    continuing: bool,
    rejected: str | None,
    as_json: bool,
) -> None:
    """Create a record of RESOURCE for each row of FILE, CSV or JSON Lines (- for standard input), or change one.

    The first row of a CSV file names the columns: they are fields of the resource. All rows are written, or none: what
    is wrong is told by line, column and reason.
    """
    from colonnade.core.database import check_deferred
    from colonnade.core.resources import resources_of
    from colonnade.core.writing import writer_for
    from colonnade.core.writing.bulk import BulkWriter
    from colonnade.plugins.transfer.naming import named

    from .files import Reading, count_lines, format_of, opened

    target = named(resource, resources_of(invocation.registry))
    reading = Reading(form or format_of(file), delimiter, raw, renamed, key)
    path = _rejected(file, rejected, reading.format) if continuing else None
    if rejected and not continuing:
        raise click.UsageError("--rejected is for --continue; otherwise nothing is written if a row is refused")
    with opened(file) as stream:
        lines = count_lines(stream)
        with (
            _application_kept(),
            suppress(_DryRunError),
            _author(invocation) as author,
            _progress(lines, target.name, shown=not as_json) as told,
        ):
            source, rows = reading.begin(stream, writer := writer_for(invocation.registry, author), target)
            outcome = BulkWriter(writer, source, continuing=continuing, told=told).write(rows)
            check_deferred(author.session)
            if path and outcome.refusals:
                stream.seek(0)
                reading.reject(stream, outcome.refusals, path)
            if dry_run:
                raise _DryRunError
    path = path if outcome.refusals else None
    if as_json:
        _tell_programs(target, outcome, key=key, dry_run=dry_run, rejected=path)
    else:
        _tell(target, outcome, key=key, dry_run=dry_run, rejected=path)
    if outcome.refusals:
        raise click.exceptions.Exit(PARTLY if continuing else 1)


@contextmanager
def _application_kept() -> Iterator[None]:
    """Let Python's garbage collector pass over what the application is made of, again and again for every few rows."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _DryRunError(Exception):
    """Ends a transaction that was for looking only."""


def _rejected(file: str, rejected: str | None, form: str) -> str:
    if rejected is None and file == "-":
        raise click.UsageError("--continue with standard input needs --rejected FILE, where rejected rows go")
    return rejected or f"{file}.rejected.{form}"


@contextmanager
def _author(invocation: Invocation) -> Iterator[Author]:
    """Who imports, in a transaction of their own."""
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.writing import Author

    with invocation.session() as session:
        reading = invocation.database.reading_in(session)
        me = IdentityAttributes(invocation.identity, identity_attributes_of(invocation.registry), lambda: reading)
        yield Author(session, invocation.access, me, reading)


@contextmanager
def _progress(total: int, label: str, *, shown: bool) -> Iterator[Any]:
    """A bar on a terminal; it is written to standard error, and stays away where nobody looks."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as progress:
        task = progress.add_task(label, total=total)
        yield lambda more: progress.advance(task, more)


def _tell_programs(
    target: Resource, outcome: Outcome, *, key: tuple[str, ...], dry_run: bool, rejected: str | None
) -> None:
    refused = [{"line": each.line, "column": each.column, "reason": each.reason} for each in outcome.refusals]
    write_json(
        {
            "resource": target.name,
            "rows": outcome.rows,
            "created": outcome.created,
            **({"changed": outcome.changed, "unchanged": outcome.unchanged} if key else {}),
            "refused": refused,
            "complete": outcome.complete,
            **({"dry_run": True} if dry_run else {}),
            **({"rejected": rejected} if rejected else {}),
        }
    )


def _tell(target: Resource, outcome: Outcome, *, key: tuple[str, ...], dry_run: bool, rejected: str | None) -> None:
    for each in outcome.refusals:
        note(f"line {each.line}: {each.said}")
    lines = outcome.refused
    said = f"{lines:,} of {outcome.rows:,} rows {'is' if lines == 1 else 'are'} not valid"
    if outcome.refusals and rejected is None:
        note(f"Nothing was {'written' if key else 'created'}: {said}.")
        if not outcome.complete:
            note("There is so much wrong that the rest was not looked at.")
        return
    click.echo(_written(target, outcome, keyed=bool(key), dry_run=dry_run))
    if outcome.refusals:
        note(f"{said}; they are in {rejected}, each with its reason.")


def _written(target: Resource, outcome: Outcome, *, keyed: bool, dry_run: bool) -> str:
    parts = [f"{'Would have created' if dry_run else 'Created'} {outcome.created:,}"]
    if keyed:
        parts += [f"changed {outcome.changed:,}"]
    said = ", ".join(parts) + f" {target.name}"
    if keyed:
        said += f"; {outcome.unchanged:,} unchanged"
    return f"{said}.{' Nothing was written: this was a dry run.' if dry_run else ''}"
