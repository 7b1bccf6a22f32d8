"""What a view tells of itself to whoever describes the API: two options of ``add_view`` and of Cornice's services.

::

    service.add_view("GET", view, operation=Operation("list", resource))   # what the core knows how to describe
    @service.get(permission="view", openapi={"summary": "Days off that are left", "responses": {…}})

``operation`` names an operation on a resource. ``openapi`` is for everything else: it holds members of an Operation
Object of OpenAPI 3.1, in which a pydantic model may stand wherever a schema may. Both are accepted whether or not
somebody reads them, are kept with the view's introspectable, and cost a request nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from pyramid.config import Configurator

if TYPE_CHECKING:
    from colonnade.core.resources import Relation, Resource


@dataclass(frozen=True, eq=False)
class Operation:
    """What one view does to a resource.

    kind: ``root`` lists the resources, ``batch`` writes any of them; ``list``, ``create`` and those that end in
        ``_many`` are of a collection; ``one``, ``replace``, ``patch`` and ``delete`` of a record; ``related`` of the
        records to which a to-many relation of a record leads, ``history`` of what became of a record.
    resource: the resource; None for ``root`` and ``batch``.
    relation: for ``related``, the relation; the answers are records of its target.
    listed: for ``history``, the resource that the answers list.
    summary: one sentence, in place of the one that whoever describes it would write.
    most: how many records it writes at most; 0 where that is not limited.
    if_match_required: whether it changes nothing unless the request names the state that the change is based on.
    """

    kind: Literal[
        "root",
        "batch",
        "list",
        "create",
        "replace_many",
        "patch_many",
        "delete_many",
        "one",
        "replace",
        "patch",
        "delete",
        "related",
        "history",
    ]
    resource: Resource | None = None
    relation: Relation | None = None
    listed: Resource | None = None
    summary: str = ""
    most: int = 0
    if_match_required: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: Cornice copies the options of its views, and a copy of a resource is another resource."""
        return self


class _DescribedView:
    """A view deriver that changes no view; it is there for the options that it admits."""

    options = ("operation", "openapi")

    def __call__(self, view: Any, info: Any) -> Any:
        return view


def includeme(config: Configurator) -> None:
    """Let views have the options ``operation`` and ``openapi``."""
    config.add_view_deriver(_DescribedView(), name="described_view")
