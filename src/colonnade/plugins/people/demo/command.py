"""``colonnade demo``: from nothing to 10,000 people and somebody to sign in as."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from colonnade.core.console import Invocation, json_option, note, pass_invocation, write_json
from colonnade.core.database.migrations import Step, upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.problems import Forbidden
from colonnade.core.settings import CoreSettings, settings_of
from colonnade.plugins.accounts import create_token, create_user

from .company import Person, people
from .loading import Loaded, is_empty, load_company, rows_of
from .users import ADMIN, USERS, DemoUser, employees_of, has_administrator, missing

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


@dataclass(frozen=True)
class Done:
    """What one run did: the rows it wrote (None if there were people already), the users it made with their tokens."""

    loaded: Loaded | None
    tokens: dict[DemoUser, str]


@click.command()
@click.option("--people", "count", type=click.IntRange(300, 1_000_000), default=10_000, show_default=True, metavar="N")
@json_option
@pass_invocation
def demo(invocation: Invocation, count: int, as_json: bool) -> None:
    """Prepare a database to try things on: migrate it, fill it, add users.

    What is there already stays as it is, so it may be run again: people are made only where there is nobody, users only
    where their names are free. The tokens of the users that it makes are shown once.
    """
    if settings_of(invocation.registry, CoreSettings).environment == "production":
        raise Forbidden("This is production (colonnade.environment), and demo data have no place there.")
    upgrade(invocation.database, plugins_of(invocation.registry), _migrated)
    done = _fill(invocation, count)
    if as_json:
        tokens = {user.name: token for user, token in done.tokens.items()}
        write_json({"loaded": None if done.loaded is None else asdict(done.loaded), "tokens": tokens})
    else:
        _tell(done)


def _fill(invocation: Invocation, count: int) -> Done:
    """Write people and users in one transaction: all of it, or nothing."""
    with invocation.session() as session:
        fresh = is_empty(session)
        wanted = USERS if fresh else () if has_administrator(session) else (ADMIN,)
        made = {each: create_user(session, each.name, [each.role]) for each in missing(session, wanted)}
        tokens = {each: create_token(session, user, label="demo")[1] for each, user in made.items()}
        if not fresh:
            return Done(None, tokens)
        ids = {each.name: user.id for each, user in made.items()}
        everybody = list(people(count))
        users = {number: ids[name] for name, number in employees_of(made, everybody).items()}
        with _bar(everybody) as bar:
            loaded = load_company(session, everybody, users, bar.update)
        return Done(loaded, tokens)


def _bar(everybody: Sequence[Person]) -> ProgressBar[int]:
    label = f"Making {len(everybody):,} people"
    return click.progressbar(length=rows_of(everybody), label=label, file=sys.stderr)


def _migrated(step: Step) -> None:
    note(f"Migrated {step.plugin} to {step.revision}.")


def _tell(done: Done) -> None:
    if done.loaded is None:
        click.echo("There are people already; they stay as they are.")
    else:
        click.echo(
            f"Made {done.loaded.employees:,} people in {done.loaded.departments} departments, "
            f"with {done.loaded.salaries:,} salaries."
        )
    if not done.tokens:
        click.echo("Tokens are shown once, when they are made; make another one: colonnade token add admin")
        return
    click.echo("\nUsers and their tokens, which are shown only now (make others: colonnade token add USER):\n")
    for user, token in done.tokens.items():
        click.echo(f"  {click.style(f'{user.name:<8}', bold=True)} {user.may}\n  {'':<8} {token}")
    click.echo("\nSend one with each request: Authorization: Bearer TOKEN")
