"""Objects of mapped classes, made and changed as validated values say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, null
from sqlalchemy.orm.attributes import instance_dict, instance_state

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Resource


def new_record(resource: Resource, values: Mapping[str, Any]) -> Any:
    """Make an object of a resource's class, with these attributes; no session knows it yet.

    The class's ``__init__`` is not called: it is for Python code, and may want anything. What the ORM does when an
    object is made (a polymorphic identity, listeners to ``init``), and when an attribute is set (``@validates``), is
    done. What is given as None is null, whatever a default says.

    :raises Unprocessable: where a validator of the class refuses a value.
    """
    manager = resource.mapper.class_manager
    record = manager.new_instance()
    manager.dispatch.init(instance_state(record), (), {})
    assign(record, values)
    attributes = instance_dict(record)
    for name in values.keys() & resource.fields.keys():
        if attributes.get(name) is None and _is_filled_in(resource.fields[name].column):
            attributes[name] = null()  # as None the unit of work would take it for left out; validators have seen it
    return record


def _is_filled_in(column: ColumnElement[Any]) -> bool:
    """Tell whether a column that is left out is given something else than null."""
    if not isinstance(column, Column) or column.type.should_evaluate_none:
        return False
    return column.default is not None or column.server_default is not None


def assign(record: Any, values: Mapping[str, Any]) -> None:
    """Give an object these attributes.

    :raises Unprocessable: where a validator of the class refuses a value.
    """
    for name, value in values.items():
        try:
            setattr(record, name, value)
        except (ValueError, AssertionError) as error:
            fault = Fault(str(error) or "is not valid", pointer=f"/{name}", code="value")
            raise Unprocessable("The record is not valid.", faults=[fault]) from None
