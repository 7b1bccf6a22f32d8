"""A plug-in that listens to the writing of the desk's records; what is done then, each test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.config import Configurator

from colonnade.core.writing import AfterWrite, BeforeWrite

Event = BeforeWrite | AfterWrite

#: What the subscribers do, by their names; those that stand here not do nothing.
_DOING: dict[str, Callable[[Any], None]] = {}


def _subscriber(name: str) -> Callable[[Any], None]:
    def hear(event: Any) -> None:
        if name in _DOING:
            _DOING[name](event)

    return hear


@contextmanager
def listening(**doing: Callable[[Any], None]) -> Iterator[None]:
    """While the block lasts, the subscribers of these names do this: ``listening(before_task=…)``."""
    _DOING.update(doing)
    try:
        yield
    finally:
        for name in doing:
            del _DOING[name]


def raising(problem: Exception) -> Callable[[Any], None]:
    """A subscriber that refuses."""

    def refuse(_: Any) -> None:
        raise problem

    return refuse


def includeme(config: Configurator) -> None:
    """Subscribe: to tasks, in order; to some verbs; to everything."""
    config.add_plugin("listening", summary="Listens")
    config.add_subscriber(_subscriber("before_task"), BeforeWrite, resource="tasks")
    config.add_subscriber(_subscriber("before_task_too"), BeforeWrite, resource=("tasks", "steps"))
    config.add_subscriber(_subscriber("after_task"), AfterWrite, resource="tasks")
    config.add_subscriber(_subscriber("before_creation"), BeforeWrite, verb="create", resource="tasks")
    config.add_subscriber(_subscriber("before_change"), BeforeWrite, verb=("replace", "patch"))
    config.add_subscriber(_subscriber("after_deletion"), AfterWrite, verb="delete")
    config.add_subscriber(_subscriber("after_anything"), AfterWrite)
