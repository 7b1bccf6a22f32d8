"""Pyramid's debug toolbar, where it is installed: for ``pyramid.includes`` of a development INI."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pyramid.config import Configurator

_wanted: ContextVar[bool] = ContextVar("toolbar_wanted", default=True)


def includeme(config: Configurator) -> None:
    """Include pyramid_debugtoolbar if it is there (``pip install colonnade[development]``); else do nothing."""
    if _wanted.get() and importlib.util.find_spec("pyramid_debugtoolbar") is not None:
        config.include("pyramid_debugtoolbar")


@contextmanager
def left_out() -> Iterator[None]:
    """A block in which applications are made without it: they answer no browser, and it takes a tenth of a start."""
    token = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(token)
