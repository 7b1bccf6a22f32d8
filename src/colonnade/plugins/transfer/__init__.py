"""Import and export: any resource as files, CSV or JSON Lines, at the command line and over HTTP.

`importing` reads files, and `core.writing.bulk` decides on every row and writes it; `exporting` writes what
`core.reading` gives. Neither knows a resource by name, and what one writes the other reads back as it was.
"""

from __future__ import annotations

from pyramid.config import Configurator

from .settings import TransferSettings


def includeme(config: Configurator) -> None:
    """Bring the verbs ``import`` and ``export``, and what does the same over HTTP."""
    config.add_plugin(
        "transfer",
        summary="Import and export of any resource, as files",
        requires=["rest"],
        settings=TransferSettings,
    )
    config.add_command("import", ".importing.command:import_")
    config.include(".importing.views")
    config.include(".exporting.views")
    config.add_command("export", ".exporting.command:export")
    config.add_road("export", kind="read", summary="colonnade export RESOURCE [FILE]")
    config.add_road("import", kind="write", summary="colonnade import RESOURCE FILE")
