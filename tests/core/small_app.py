"""A small application of the core's front rooms alone: problems, requests, who asks; and what a test adds."""

from collections.abc import Callable

from pyramid.config import Configurator
from webtest import TestApp

FRONT = (
    "colonnade.core.services",
    "colonnade.core.problems",
    "colonnade.core.request",
)
GOVERNED = (
    *FRONT,
    "colonnade.core.tree",
    "colonnade.core.policy",
)


def small_app(configure: Callable[[Configurator], None], rooms: tuple[str, ...] = FRONT) -> TestApp:
    """The rooms, then what the test adds as a plug-in would: by an include, in a commit of its own."""
    config = Configurator()
    for room in rooms:
        config.include(room)
    config.commit()
    config.include(configure)
    return TestApp(config.make_wsgi_app())
