"""``colonnade export RESOURCE [FILE]``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlencode

import click

from colonnade.core.console import Invocation, acting_option, note, pass_invocation

if TYPE_CHECKING:
    from colonnade.core.reading import Whole

_ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class Condition(click.ParamType[tuple[str, str]]):
    """``NAME=VALUE``, as in a query string."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split it."""
        if isinstance(value, tuple):
            return value
        name, equals, compared = str(value).partition("=")
        if not (name and equals):
            self.fail(f"{value!r} is not NAME=VALUE, such as age__gte=30 or department.name=Sales", param, ctx)
        return name, compared


@click.command("export")
@click.argument("resource")
@click.argument("file", default="-")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), help="By default FILE's ending says it; or CSV.")
@click.option(
    "--query", "conditions", type=Condition(), multiple=True, help="A filter, as in a query string. May be repeated."
)
@click.option("--where", help="A filter of and, or, not, as the API has it: JSON.")
@click.option("--fields", help="The fields to write, with commas between; department.code is one of a relation.")
@click.option("--sort", help="The order, as the API has it: -hired_on,name.")
@click.option("--expand", help="Relations to write out.")
@click.option("--limit", help="Only so many, from the first on.")
@click.option("--raw", is_flag=True, help="CSV: leave texts as they are that a spreadsheet would take for formulas.")
@acting_option
@pass_invocation
def export(
    invocation: Invocation,
    /,
    resource: str,
    file: str,
    form: str | None,
    conditions: tuple[tuple[str, str], ...],
    raw: bool,
    **words: str | None,
) -> None:
    """Write the records of RESOURCE to FILE, as CSV or JSON Lines (- or nothing for standard output).

    All of them, or those that the filters leave: as the API lists them.
    """
    from colonnade.core.reading import parse, reading_of
    from colonnade.core.resources import resources_of
    from colonnade.plugins.transfer.naming import named

    from .files import csv_file, json_lines_file

    target = named(resource, resources_of(invocation.registry))
    form = form or _ENDINGS.get(Path(file).suffix.lower(), "csv")
    if raw and form != "csv":
        raise click.UsageError("--raw is for CSV: JSON Lines have nothing that a spreadsheet would run")
    given = [*conditions, *((name, value) for name, value in words.items() if value is not None)]
    query = parse(urlencode(given), reading_of(invocation.registry).limits)
    with _whole(invocation) as whole:
        made = csv_file(whole, target, query, raw=raw) if form == "csv" else json_lines_file(whole, target, query)
        try:
            _write(made, file)
        finally:
            made.close()
    if file != "-":
        note(f"Wrote {target.name} to {file}.")


@contextmanager
def _whole(invocation: Invocation) -> Iterator[Whole]:
    """What reads for the one who acts."""
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.reading import Whole, reading_of

    connection = invocation.database.open_read()
    try:
        attributes = identity_attributes_of(invocation.registry)
        me = IdentityAttributes(invocation.identity, attributes, connect=lambda: connection)
        yield Whole(reading_of(invocation.registry).reader(connection, invocation.access, me, "/api/v1"))
    finally:
        connection.close()


def _write(chunks: Iterator[bytes], file: str) -> None:
    if file == "-":
        _copy(chunks, sys.stdout.buffer)
        return
    path = Path(file)
    try:
        if path.exists() and not path.is_file():  # a pipe, /dev/null
            with path.open("wb") as stream:
                _copy(chunks, stream)
            return
        # Whoever finds the file finds all of it.
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as stream:
                _copy(chunks, stream)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise click.FileError(file, hint=error.strerror) from None


def _copy(chunks: Iterator[bytes], stream: BinaryIO) -> None:
    stream.writelines(chunks)
    stream.flush()
