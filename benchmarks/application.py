"""The product: a plug-in for what everybody answers, hello, and the application for what is measured in process.

Served it is by `colonnade.wsgi` and the INI file beside this one, as docs/serving.md says.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from benchmarks.data import PLUGINS, settings
from colonnade import main


def includeme(config: Configurator) -> None:
    """A view of a plug-in's own, as Pyramid has it."""
    config.add_plugin("hello", summary="A constant")
    config.add_route("hello", "/hello")
    config.add_view(hello, route_name="hello", renderer="json", permission=NO_PERMISSION_REQUIRED)


def hello(request: Request) -> dict[str, str]:
    """What everybody answers."""
    return {"hello": "world"}


def make(url: str) -> object:
    """The same in process, without the thread that writes when a token was last used: the database is gone by then."""
    return main({}, **settings(url, (*PLUGINS, __name__), **{"accounts.last_used_every": "0"}))
