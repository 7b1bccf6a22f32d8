"""Pyramid's debug toolbar, where it is installed: for ``pyramid.includes`` of a development INI."""

from __future__ import annotations

import importlib.util

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Include pyramid_debugtoolbar if it is there (``pip install colonnade[development]``); else do nothing."""
    if importlib.util.find_spec("pyramid_debugtoolbar") is not None:
        config.include("pyramid_debugtoolbar")
