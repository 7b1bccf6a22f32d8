"""Pyramid alone: one route, one view that returns a finished answer. What any application of Pyramid's takes at least.

No renderer, tween, session, policy or request id: https://docs.pylonsproject.org/projects/pyramid/en/latest/quick_tour.html
has it, but for what is done here as the product does it: the garbage collector does not look at the application again.
"""

from __future__ import annotations

import gc

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response


def hello(request: Request) -> Response:
    """What everybody answers."""
    return Response(b'{"hello": "world"}', content_type="application/json", charset="utf-8")


config = Configurator()
config.add_route("hello", "/hello")
config.add_view(hello, route_name="hello")
app = config.make_wsgi_app()
gc.collect()
gc.freeze()
