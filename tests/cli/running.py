"""Run the command in this process, as a shell would, on an INI file and a database of the test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from colonnade.cli import main
from tests.core.stubs import SECRET

INI = """\
[app:main]
use = egg:colonnade
colonnade.environment = {environment}
colonnade.secret = {secret}
colonnade.plugins =
{plugins}
sqlalchemy.url = {url}
{more}
"""


@dataclass(frozen=True)
class Shell:
    """A folder with an INI file."""

    ini: Path

    def run(self, *arguments: str, exit_code: int = 0, env: Mapping[str, str | None] | None = None) -> Result:
        """Run ``colonnade -c INI …`` and expect an exit code."""
        environment = {"COLONNADE_INI": None, **(env or {})}
        result = CliRunner().invoke(main, ["-c", str(self.ini), *arguments], env=environment)
        unexpected = result.exception is not None and not isinstance(result.exception, SystemExit)
        if unexpected or result.exit_code != exit_code:
            raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
        return result

    def json(self, *arguments: str, exit_code: int = 0) -> Any:
        """Run it with ``--json`` and read standard output, which is one JSON document."""
        return json.loads(self.run(*arguments, "--json", exit_code=exit_code).stdout)


def shell_in(
    folder: Path, url: str, *plugins: str, environment: str = "development", more: str = "", name: str = "test.ini"
) -> Shell:
    """A shell on an application with these plug-ins."""
    lines = "\n".join(f"    {plugin}" for plugin in plugins)
    text = INI.format(environment=environment, secret=SECRET, plugins=lines, url=url.replace("%", "%%"), more=more)
    path = folder / name
    path.write_text(text)
    return Shell(path)
