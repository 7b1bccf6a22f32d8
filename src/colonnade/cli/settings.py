"""``colonnade settings``: what is in force, and who said so."""

from __future__ import annotations

from dataclasses import asdict

import click

from colonnade.core.console import Invocation, json_option, pass_invocation, write_json, write_table


@click.command()
@click.argument("prefix", default="")
@json_option
@pass_invocation
def settings(invocation: Invocation, prefix: str, as_json: bool) -> None:
    """Print the settings in force and where each comes from.

    With PREFIX only those that begin so: `rest`, or `sqlalchemy.pool`. Secrets are masked. If the INI file is wrong,
    everything that is wrong with it is told instead, each with its place.
    """
    from colonnade.core.settings import describe_settings

    known = describe_settings(invocation.registry)
    shown = [each for each in known if each.key.startswith(prefix)]
    if not shown:
        prefixes = dict.fromkeys(each.key.partition(".")[0] for each in known)
        raise click.UsageError(f"no setting begins with {prefix}; they begin with {', '.join(prefixes)}")
    if as_json:
        write_json([asdict(each) for each in shown])
    else:
        rows = [(each.key, ", ".join(each.value.splitlines()), each.origin) for each in shown]
        write_table(("setting", "value", "from"), rows)
