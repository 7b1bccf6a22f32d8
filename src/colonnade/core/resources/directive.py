"""``config.add_resource``: a mapped class becomes a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import Mapper

from colonnade.core.database import database_of
from colonnade.core.policy.acl import Where, placed, read_acl
from colonnade.core.policy.source import entry_lines

from .checking import check_conditions, warn_of_missing_indexes
from .mapping import fields_of, relations_of
from .naming import is_resource_name, resource_name
from .resource import Resource, Resources
from .schemas import create_schema, edit_schema

#: Actions with a greater order find every resource complete: relations, permissions, schemas. It comes before Pyramid's
#: own orders, so that such an action may still add routes and views.
RESOURCES_READY = -50
_RESOURCES_KNOWN = RESOURCES_READY - 10

_KEY = "colonnade.resources"


def resources_of(registry: Registry) -> Resources:
    """The resources of an application, complete once its configuration is committed."""
    resources: Resources = registry[_KEY]
    return resources


def add_resource(
    config: Configurator,
    model: type[Any],
    *,
    acl: Sequence[object] | None = None,
    name: str | None = None,
    summary: str | None = None,
    logged: bool = True,
    read_only: bool = False,
) -> None:
    """Declare a mapped class as a resource.

    :param model: a class that SQLAlchemy maps; any base, any key.
    :param acl: Pyramid's list of ``(Allow | Deny, principal, permission)``, whose principals may be ``rows()`` and
        whose permissions may be ``fields()``. First match wins, Root's list comes last. A resource without one is
        refused; ``[]`` leaves it to Root's list.
    :param name: its name in URLs; by default the class's name, plural and kebab-case.
    :param summary: one sentence for readers; by default the first of the class's docstring.
    :param logged: whether the change log keeps its changes, where it is switched on.
    :param read_only: whether it can only be read; no door offers to write it then.
    :raises ConfigurationError: for a class that is not mapped, an unfit name, or a list that cannot be meant.
    """
    where = Where(config.action_info.file, config.action_info.line)
    try:
        mapper = inspect(model)
    except NoInspectionAvailable:
        mapper = None
    if not isinstance(mapper, Mapper):
        raise ConfigurationError(f"{where}: add_resource takes a class that SQLAlchemy maps, not {model!r}")
    name = name or resource_name(model.__name__)
    if not is_resource_name(name):
        raise ConfigurationError(
            f"{where}: {name!r} is no name for a resource: lower-case words of letters and digits, joined by hyphens"
        )
    if acl is None:
        raise ConfigurationError(
            f"{where}: the resource {name} has no policy; give acl=[(Allow, 'role:staff', 'view')], or acl=[] to leave "
            "it to Root's list"
        )
    resource = Resource(
        name=name,
        model=model,
        mapper=mapper,
        summary=summary or _first_sentence(model.__doc__),
        where=where,
        fields={},
        plugin=config.package_name,
        logged=logged,
        read_only=read_only,
    )
    introspectable = config.introspectable("colonnade resources", name, name, "resource")
    introspectable["resource"] = resource

    def register() -> None:
        resource.fields = fields_of(mapper, _dialect_name(config.registry))
        resources_of(config.registry).add(resource)

    def complete() -> None:
        resource.relations = relations_of(resource, resources_of(config.registry))
        entries = read_acl(
            acl,
            resource=name,
            names=resource.names,
            keys=[field.name for field in resource.key],
            wheres=entry_lines(where, "add_resource", "acl", len(acl)),
        )
        resource.acl = placed(entries, where)
        check_conditions(resource)
        warn_of_missing_indexes(resource)
        resource.create_schema = create_schema(resource)
        resource.edit_schema = edit_schema(resource)

    config.action(("colonnade resource", name), register, introspectables=(introspectable,), order=_RESOURCES_KNOWN)
    config.action(("colonnade resource model", model), order=_RESOURCES_KNOWN)
    config.action(None, complete, order=RESOURCES_READY)


def _dialect_name(registry: Registry) -> str | None:
    """The dialect of the database; None where declarations are all that there is, as in a test of them."""
    try:
        return database_of(registry).dialect.name
    except KeyError:
        return None


def _first_sentence(doc: str | None) -> str:
    paragraph = " ".join((doc or "").strip().split("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".")


def includeme(config: Configurator) -> None:
    """Bring ``config.add_resource``."""
    config.registry[_KEY] = Resources()
    config.add_directive("add_resource", add_resource)
