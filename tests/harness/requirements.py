"""What a test needs from the machine, and what happens where it is missing.

In CI everything is required: the session fails before the first test. Elsewhere the tests concerned are deselected, and
the last lines of the run say which and why; nothing is skipped in silence.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Requirement:
    """`needed_by` tells whether a test needs it; `lack` says what is missing here, "" if nothing is."""

    needed_by: Callable[[pytest.Item], bool]
    lack: str


def in_ci() -> bool:
    """Whether the environment says, as CI services do, that this is CI."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def parameter_is(name: str, value: str) -> Callable[[pytest.Item], bool]:
    """A test that runs with the parameter `name` at `value`."""

    def needed_by(item: pytest.Item) -> bool:
        callspec = getattr(item, "callspec", None)
        return callspec is not None and callspec.params.get(name) == value

    return needed_by


def uses_fixture(name: str) -> Callable[[pytest.Item], bool]:
    """A test that asks for the fixture `name`, directly or through another one."""
    return lambda item: name in getattr(item, "fixturenames", ())


def leave_out(
    items: list[pytest.Item], requirements: tuple[Requirement, ...]
) -> tuple[list[pytest.Item], list[pytest.Item], dict[str, int]]:
    """The tests to run, those to leave out, and for each lack how many tests it cost."""
    kept, left, reasons = [], [], dict[str, int]()
    for item in items:
        lacks = [each.lack for each in requirements if each.lack and each.needed_by(item)]
        (left if lacks else kept).append(item)
        for lack in lacks:
            reasons[lack] = reasons.get(lack, 0) + 1
    return kept, left, reasons
