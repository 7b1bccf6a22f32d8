"""The change log, switched on: what was changed, when, by whom, and how it was before."""

from __future__ import annotations

from pyramid.config import Configurator

from .models import Change, ChangeCounter


def includeme(config: Configurator) -> None:
    """Keep the log."""
    config.add_plugin("history", summary="The change log: history, undo, and a feed of changes", requires=["rest"])
    config.keep_log(Change, ChangeCounter)
