"""The declaration: what a model is to every capability.

A plug-in calls ``config.add_resource(Model, acl=[…])`` once; REST, OpenAPI, pages, import and export read the
`Resource` that comes of it. The room reads fields, relations and constraints off the mapping and derives the schemas
that bodies are validated by. It runs no statement and knows no capability.
"""

from __future__ import annotations

from .directive import RESOURCES_READY, includeme, resources_of
from .resource import Field, Relation, Resource, Resources

__all__ = ["RESOURCES_READY", "Field", "Relation", "Resource", "Resources", "includeme", "resources_of"]
