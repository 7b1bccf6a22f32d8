"""The command itself: it finds verbs, ours and those of plug-ins, runs one, and tells what went wrong."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, expect_json, wants_json

from .warnings import silence_imports

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from colonnade.core.policy import Identity

#: The verbs that are there whatever is on: where each ``click.Command`` is, imported when it is used.
OWN: Mapping[str, str] = MappingProxyType(
    {
        "migrate": "colonnade.cli.migrate:migrate",
        "plugins": "colonnade.cli.plugins:plugins",
        "settings": "colonnade.cli.settings:settings",
        "why": "colonnade.cli.why:why",
    }
)


class Verbs(click.Group):
    """A group of verbs, of which most are known only when the INI file has been read."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the verb; first of all keep Pyramid's imports from warning an operator."""
        silence_imports()
        if os.environ.get("NO_COLOR"):  # https://no-color.org
            ctx.color = False
        expect_json(ctx, args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our verbs, then those of the plug-ins, in the order in which they were added."""
        return [*OWN, *_added(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of a name; the INI file is read only if it is none of ours.

        :raises ConfigurationError: if it cannot be read, or the verb is not where its plug-in says.
        """
        place = OWN.get(cmd_name) or _added(ctx).get(cmd_name)
        return None if place is None else _load(cmd_name, place)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that was typed.

        :raises click.UsageError: for one that is not there, with the nearest that is.
        """
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from colonnade.core.settings import nearest

            ctx.fail(f"there is no verb {name}{nearest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; an error that somebody can do something about is told, and becomes an exit code."""
        from .failures import Exit, failure_of

        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(Exit.INTERRUPTED)
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            failure.tell(as_json=wants_json(ctx))
            ctx.exit(failure.code)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option ``--help``, read after ``-c``: which verbs it lists depends on the INI file."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.is_eager = False
        return option

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs; where the INI file cannot be read, ours, and why the others are missing."""
        added, missing = {}, ""
        try:
            added = _added(ctx)
        except Exception as error:  # noqa: BLE001 help has to come, whatever is wrong with the INI file
            missing = str(error).strip()
        places = {**OWN, **added}
        width = formatter.width - 6 - max(map(len, places))
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _help(name, place, width)) for name, place in places.items()])
        if missing:
            with formatter.section("The verbs of plug-ins are missing here"):
                formatter.write("".join(f"  {line}\n" for line in missing.splitlines()))


@click.command(cls=Verbs, subcommand_metavar="VERB …", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "ini",
    metavar="FILE.ini",
    envvar="COLONNADE_INI",
    default="development.ini",
    show_default=True,
    show_envvar=True,
    is_eager=True,
    help="The INI file of the application; FILE.ini#NAME for the section app:NAME instead of app:main.",
)
@click.version_option(package_name="colonnade", prog_name="colonnade")
@click.pass_context
def main(ctx: click.Context, ini: str) -> None:
    """Look after a Colonnade application: its database, its users, its data.

    Each verb has a help of its own: colonnade VERB --help.
    """
    _invocation(ctx)  # our own verbs were found without it


def _added(ctx: click.Context) -> dict[str, str]:
    """The verbs of the plug-ins that are on: where each is."""
    from pyramid.exceptions import ConfigurationError

    from colonnade.core.commands import commands_of

    commands = commands_of(_invocation(ctx).registry)
    for command in commands:
        if command.name in OWN:
            file, line = command.where
            raise ConfigurationError(f"{file}:{line}: {command.name} is a verb of Colonnade's own; take another name")
    return {command.name: command.dotted for command in commands}


def _invocation(ctx: click.Context) -> Invocation:
    """What the verbs of this run work with; made before any of them is known, because the plug-ins bring them."""
    if ctx.obj is None:
        ctx.obj = invocation = Invocation(ctx.params["ini"], _compose, _user_named)
        ctx.call_on_close(invocation.close)
    known: Invocation = ctx.obj
    return known


def _load(name: str, place: str) -> click.Command:
    from pyramid.exceptions import ConfigurationError

    module, _, attribute = place.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"the verb {name} is not at {place}: {error}") from error
    if not isinstance(command, click.Command):
        raise ConfigurationError(f"the verb {name} should be a click.Command; {place} is a {type(command).__name__}")
    return command


def _help(name: str, place: str, width: int) -> str:
    """The line that a list of verbs has about one."""
    from pyramid.exceptions import ConfigurationError

    try:
        return _load(name, place).get_short_help_str(width)
    except ConfigurationError as error:
        return str(error)


def _compose(ini: str) -> Registry:
    from .loading import compose

    return compose(ini)


def _user_named(registry: Registry, name: str) -> Identity:
    from .loading import user_named

    return user_named(registry, name)
