"""How much is enough: random tests run small in `make test` and large in `make test-thorough`."""

import os

from hypothesis import HealthCheck, settings


def thorough() -> bool:
    """Whether this run was asked to take its time (`COLONNADE_TEST_COUNTS=thorough`)."""
    return os.environ.get("COLONNADE_TEST_COUNTS", "") == "thorough"


def counts(small: int, large: int) -> int:
    """A number of examples, rows or repetitions: `small` in every run, `large` in a thorough one.

    May stand in a decorator: `@settings(max_examples=counts(30, 2_000))`.
    """
    return large if thorough() else small


def load_hypothesis_profile() -> None:
    """A small run draws the same examples each time, so that a gate does not fail for another's change; a thorough one
    draws new ones. Nothing is timed: a slow machine is not a wrong answer."""
    settings.register_profile(
        "colonnade",
        max_examples=counts(25, 500),
        derandomize=not thorough(),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("colonnade")
