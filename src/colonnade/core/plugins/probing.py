"""Ask a plug-in what it is, without including it.

Its ``includeme`` is called with a probe in the place of the configurator. The first call has to be
``config.add_plugin``: the probe takes down what it says and leaves at once. So the order of all plug-ins and their
settings are known, and checked, before any of them runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from colonnade.core.settings import Settings

from .plugin import Declaration, Includeme
from .resolving import Unresolvable


class _Leave(BaseException):
    """Carries a declaration out of an includeme; no Exception, so that no ``except Exception`` there keeps it."""


class _Declared(_Leave):
    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration


class _SomethingElse(_Leave):
    def __init__(self, attribute: str, where: tuple[str, int]) -> None:
        self.attribute, self.where = attribute, where


class _Probe:
    """Stands where a configurator will stand."""

    def add_plugin(
        self,
        name: str,
        *,
        summary: str = "",
        requires: Sequence[str] = (),
        settings: type[Settings] | None = None,
        migrations: str | None = None,
    ) -> NoReturn:
        required = requires if isinstance(requires, str) else tuple(requires)
        raise _Declared(Declaration(name, summary, required, settings, migrations, _caller()))  # type: ignore[arg-type]

    def __getattr__(self, attribute: str) -> NoReturn:
        raise _SomethingElse(attribute, _caller())


def ask(includeme: Includeme, name: str) -> Declaration:
    """Return what a plug-in declares.

    :param name: as the INI has it, for messages.
    :raises Unresolvable: if it declares nothing, or does something else first.
    """
    try:
        includeme(_Probe())
    except _Declared as leave:
        return leave.declaration
    except _SomethingElse as leave:
        file, line = leave.where
        raise Unresolvable(
            f"{name} uses config.{leave.attribute} before it says what it is ({file}:{line});"
            " the first call of its includeme should be config.add_plugin(name, summary=...)"
        ) from None
    raise Unresolvable(
        f"{name} does not say what it is;"
        " the first call of its includeme should be config.add_plugin(name, summary=...)"
    )


def _caller() -> tuple[str, int]:
    """The place in the plug-in that called the probe."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno
