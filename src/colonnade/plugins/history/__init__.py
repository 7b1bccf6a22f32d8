"""The change log, switched on: what was changed, when, by whom, and how it was before.

The log itself is ``core.changes``; here are its tables, and the doors by which it is read. It is a resource like any
other, ``changes``, whose policy follows from that of the records; `past` has the history of one record and the record
as it was, `feed` is for programs that follow what happens, `undo` brings back what a request changed.
"""

from __future__ import annotations

from pyramid.config import Configurator

from colonnade.core.resources import RESOURCES_READY
from colonnade.core.settings import settings_of

from .access import CHANGES, govern
from .feed import keep_places
from .models import Change, ChangeCounter
from .services import add_services
from .settings import HistorySettings
from .undo import undo_service


def includeme(config: Configurator) -> None:
    """Keep the log, and show it."""
    config.add_plugin(
        "history",
        summary="The change log: history, undo, and a feed of changes",
        requires=["rest"],
        settings=HistorySettings,
    )
    config.keep_log(Change, ChangeCounter, settings_of(config.registry, HistorySettings).positions)
    config.add_resource(Change, name=CHANGES, acl=[], logged=False, read_only=True)
    config.action("colonnade history", lambda: govern(config), order=RESOURCES_READY + 7)
    config.action("colonnade history services", lambda: add_services(config), order=RESOURCES_READY + 12)
    keep_places(config.registry)
    config.add_road("history list", kind="read", summary="GET of a record's history")
    config.add_road("history as of", kind="read", summary="GET of a record as it was")
    config.add_road("history feed", kind="read", summary="GET of changes after a position")
    config.action(
        "colonnade undo service",
        lambda: config.add_cornice_service(undo_service(config.registry)),
        order=RESOURCES_READY + 12,
    )
    config.add_command("undo", ".undo_command:undo_")
    config.add_road("rest undo", kind="write", summary="POST to requests/REQUEST/undo")
    config.add_road("undo", kind="write", summary="colonnade undo REQUEST")
    config.add_command("history", ".commands.history:history")
    config.add_command("audit", ".commands.audit:audit")
