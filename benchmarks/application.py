"""The product as it is served here: $BENCHMARK_URL names its database, $BENCHMARK_THREADS how many threads serve.

    BENCHMARK_URL=… granian --interface wsgi benchmarks.application:app

It is main() with the settings of production, and a plug-in of four lines for what everybody answers: hello.
"""

from __future__ import annotations

import os

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


def make(url: str, threads: int, **more: str) -> object:
    """The application; each of its pools has a connection for every thread."""
    plugins = (*PLUGINS, __name__)
    return main({}, **settings(url, plugins, **{"sqlalchemy.pool_size": str(threads), **more}))


if "BENCHMARK_URL" in os.environ:
    app = make(os.environ["BENCHMARK_URL"], int(os.environ["BENCHMARK_THREADS"]))
