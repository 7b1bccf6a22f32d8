"""Import and export: tables of text in and out of any resource.

So far ``colonnade import RESOURCE FILE`` for CSV. `table` reads a file, `core.writing` decides on every row and writes
them all or none, and `command` tells the person at the terminal.
"""

from __future__ import annotations

from pyramid.config import Configurator

from .settings import TransferSettings


def includeme(config: Configurator) -> None:
    """Bring the verb ``import``."""
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
