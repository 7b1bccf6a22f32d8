"""``colonnade audit``: seal, verify."""

from __future__ import annotations

import sys

import click

from colonnade.core.changes.sequencing import number_committed
from colonnade.core.console import Invocation, json_option, note, pass_invocation, write_json
from colonnade.plugins.history.access import kept_log
from colonnade.plugins.history.sealing.seals import seal as seal_log
from colonnade.plugins.history.sealing.verifying import verify as verify_log


@click.group()
def audit() -> None:
    """Seal the change log, and find out whether it is still what was sealed."""


@audit.command()
@json_option
@pass_invocation
def seal(invocation: Invocation, as_json: bool) -> None:
    """Seal what the log has got since the last time, and print the hash of the last seal.

    Fit for a schedule: nobody who writes waits for it, and where there is nothing new it only prints. The hash, kept
    where nobody who can write to the database can write, is what makes the log proof: audit verify --expect HASH.
    """
    number_committed(invocation.database, kept_log(invocation.registry))
    sealed = seal_log(invocation.database)
    if as_json:
        write_json({"hash": sealed.hash or None, "last": sealed.last, "sealed": sealed.rows})
        return
    if sealed.hash:
        click.echo(sealed.hash)
    note(f"Sealed {sealed.rows:,} changes, up to position {sealed.last}." if sealed.rows else "Nothing new to seal.")


@audit.command()
@click.option("--expect", metavar="HASH", help="The hash of a seal, as it was printed and kept elsewhere.")
@json_option
@pass_invocation
def verify(invocation: Invocation, expect: str | None, as_json: bool) -> None:
    """Find rows of the log that were altered, removed or put in since they were sealed; exit with 1 for any.

    HASH may be that of any seal, not only the last one; - reads it from standard input.
    """
    if expect == "-":
        expect = sys.stdin.read()
    number_committed(invocation.database, kept_log(invocation.registry))
    report = verify_log(invocation.database, expect=expect)
    if as_json:
        write_json({**vars(report), "findings": [vars(each) for each in report.findings]})
    else:
        for each in report.findings:
            click.echo(f"positions {each.first}–{each.last}: {each.what}: {each.text}")
        said = f"{report.sealed:,} sealed changes, {report.unsealed:,} not sealed yet"
        said += f", {report.pruned:,} pruned" if report.pruned else ""
        said += f", {report.erased:,} with erased fields" if report.erased else ""
        if not report.findings:
            click.echo(f"The log is as it was sealed: {said}.")
        else:
            note(f"The log is NOT as it was sealed ({len(report.findings)} findings): {said}.")
    raise click.exceptions.Exit(1 if report.findings else 0)
