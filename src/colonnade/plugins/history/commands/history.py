"""``colonnade history``: baseline, prune, erase."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from colonnade.core.changes import Log, Origin, log_of
from colonnade.core.changes.baseline import enter_baseline
from colonnade.core.changes.origin import ORIGIN
from colonnade.core.changes.sequencing import number_committed
from colonnade.core.console import Duration, Invocation, json_option, note, pass_invocation, write_json
from colonnade.core.request_id import new_request_id
from colonnade.core.resources import Resource
from colonnade.core.settings import nearest
from colonnade.plugins.history.sealing.erasing import erase as erase_record
from colonnade.plugins.history.sealing.pruning import position_before, position_leaving, whole_until
from colonnade.plugins.history.sealing.pruning import prune as prune_log


@click.group()
def history() -> None:
    """Look after the change log: what is older than it, what is too old for it, what it must not know."""


@history.command()
@click.argument("resources", nargs=-1, metavar="[RESOURCE]…")
@json_option
@pass_invocation
def baseline(invocation: Invocation, resources: tuple[str, ...], as_json: bool) -> None:
    """Let records that are older than the log enter it as they are now: of these resources, or of all.

    Records that the log knows are passed over, so it may be run again, beside those who write.
    """
    log = _log(invocation)
    chosen = [_resource(log, name) for name in resources] if resources else list(log.kept())
    origin = _origin(invocation)
    entered: dict[str, int] = {}
    for each in chosen:
        entered[each.name] = enter_baseline(invocation.database, log, each, origin)
        if not as_json:
            click.echo(f"{each.name}: {entered[each.name]:,} entered the log.")
    if as_json:
        write_json(entered)


@history.command()
@click.option("--older-than", "age", type=Duration(), metavar="AGE", help="Changes of this age go: 90d, 12h, 8w.")
@click.option("--keep", type=click.IntRange(min=0), metavar="NUMBER", help="All go but the newest so many.")
@json_option
@pass_invocation
def prune(invocation: Invocation, age: timedelta | None, keep: int | None, as_json: bool) -> None:
    """Let old changes go; of each record its last state among them is left, as a baseline.

    What goes is sealed first, and goes by sealed batches: `colonnade audit verify` goes on to hold for the rest. Of a
    request all changes go, or none: one that has a younger change stays whole, and all that came after it.
    """
    if (age is None) == (keep is None):
        raise click.UsageError("say --older-than AGE or --keep NUMBER")
    log, database = _log(invocation), invocation.database
    number_committed(database, log)
    if age is not None:
        cut = position_before(database, datetime.now(UTC) - age)
    else:
        cut = position_leaving(database, keep or 0)
    cut = whole_until(database, cut)
    number = prune_log(database, log, cut, _origin(invocation))
    if as_json:
        write_json({"pruned": number, "through": cut})
    else:
        click.echo(f"Pruned {number:,} changes.")


@history.command()
@click.argument("resource")
@click.argument("key")
@json_option
@pass_invocation
def erase(invocation: Invocation, resource: str, key: str, as_json: bool) -> None:
    """Take the personal fields of a record out of the log, for good; the record itself is not touched.

    Fields are personal by mapped_column(info={"personal": True}).
    """
    log = _log(invocation)
    found = _resource(log, resource)
    with invocation.session() as session:
        session.info[ORIGIN] = _origin(invocation)
        number = erase_record(session, log, found, key)
    if as_json:
        write_json({"erased": number})
    else:
        click.echo(f"Erased the personal fields of {resource}/{key} from {number:,} changes.")
    if number:
        note("The record itself, if it is still there, has them; and so have backups.")


def _log(invocation: Invocation) -> Log:
    log = log_of(invocation.registry)
    assert log is not None  # the plug-in that brings these verbs keeps one
    return log


def _origin(invocation: Invocation) -> Origin:
    return Origin.of(invocation.identity, new_request_id(), "cli")


def _resource(log: Log, name: str) -> Resource:
    kept = {each.name: each for each in log.kept()}
    if name not in kept:
        known = "the log keeps no changes of" if name in log.resources else "there is no resource"
        raise click.UsageError(f"{known} {name}{nearest(name, list(kept))}")
    return kept[name]
