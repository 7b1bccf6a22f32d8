"""What somebody at a terminal calls a resource."""

from __future__ import annotations

import click

from colonnade.core.resources import Resource, Resources
from colonnade.core.settings import nearest


def named(name: str, resources: Resources) -> Resource:
    """The resource of this name.

    :raises click.UsageError: if there is none; it names the nearest one.
    """
    if name not in resources:
        raise click.UsageError(f"there is no resource {name}{nearest(name, list(resources))}")
    return resources[name]
