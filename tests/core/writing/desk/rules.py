"""What `application.TASK_ACL` says, in plain Python: first match wins, Root's list is last; and who sees what else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

#: The user who asks, whatever their role.
ME = 7
ROLES = ("hr", "admin", "staff", "owner", "giver", "reader", "blind", "stranger", None)
EVERY = "*"


@dataclass(frozen=True)
class Rule:
    """One entry of the list."""

    allow: bool
    role: str
    what: tuple[str, ...]  # actions; view:NAME and write:NAME for fields
    where: Callable[[Row], bool] = lambda _: True

    def is_for(self, role: str | None) -> bool:
        """Whether it speaks of who asks."""
        return self.role in (EVERY, role)


RULES = (
    Rule(False, EVERY, ("delete",), lambda row: row["state"] == "frozen"),
    Rule(False, EVERY, ("write:origin",)),
    Rule(True, "hr", (EVERY,)),
    Rule(False, "staff", ("view:secret",)),
    Rule(False, "staff", ("view:note",), lambda row: row["state"] == "sealed"),
    Rule(False, "staff", ("write:grade",)),
    Rule(False, "staff", ("write:bonus", "write:tags"), lambda row: (row["points"] or 0) > 50),
    Rule(False, "staff", ("view",), lambda row: row["owner_id"] == 9),
    Rule(True, "staff", ("view",)),
    Rule(True, "staff", ("create", "edit"), lambda row: row["state"] != "done"),
    Rule(True, "staff", ("delete",), lambda row: row["owner_id"] == ME),
    Rule(True, "owner", ("view", "edit", "delete"), lambda row: row["owner_id"] == ME),
    Rule(True, "owner", ("create",)),
    Rule(True, "giver", ("view",), lambda row: row["owner_id"] == ME),
    Rule(True, "giver", ("create", "edit", "delete")),
    Rule(True, "reader", ("view",)),
    Rule(True, "blind", ("create", "edit", "delete")),
    Rule(True, "admin", (EVERY,)),
)

#: Fields that nobody is ever shown or allowed to write, by role: what is known of them without a row.
NEVER_SEEN = {"staff": frozenset({"secret"})}
NEVER_WRITTEN = {"staff": frozenset({"origin", "grade"})}

TEAMS = {"hr": {"blue", "red", "dark"}, "staff": {"blue", "red"}, "reader": {"blue", "red", "dark"}}
TEAMS["admin"] = TEAMS["hr"]
TAGS = {"hr": {1, 2, 5, 10, 50}, "staff": {1, 2, 10}, "owner": {1, 2, 10}}
TAGS["admin"] = TAGS["hr"]


def never_seen(role: str | None) -> frozenset[str]:
    """The fields that do not exist for a role."""
    return NEVER_SEEN.get(role or "", frozenset())


def never_written(role: str | None) -> frozenset[str]:
    """The fields that a role may write on no row at all."""
    return NEVER_WRITTEN.get(role or "", frozenset({"origin"}))


def grants(role: str | None, action: str, row: Row) -> bool:
    """Whether the list allows it on a row, by itself."""
    return _first(role, row, action)


def sees(role: str | None, row: Row) -> bool:
    """Whether a role may view a row."""
    return grants(role, "view", row)


def may(role: str | None, action: str, row: Row) -> bool:
    """Whether a role may do it to a row: everything but a creation requires to see it."""
    return grants(role, action, row) and (action == "create" or sees(role, row))


def may_try(role: str | None, action: str) -> bool:
    """Whether there could be a row."""
    own = any(rule.allow and rule.is_for(role) and {action, EVERY} & set(rule.what) for rule in RULES)
    return own and (action in ("view", "create") or may_try(role, "view"))


def sees_field(role: str | None, name: str, row: Row) -> bool:
    """Whether a role may view a field of a row that it may view; the relation to tags is one of them."""
    if name == "tags" and not TAGS.get(role or ""):
        return False
    return _first(role, row, "view", f"view:{name}")


def writes_field(role: str | None, name: str, action: str, row: Row) -> bool:
    """Whether a role may write a field of a row on which the action is theirs."""
    return _first(role, row, action, f"write:{name}")


def _first(role: str | None, row: Row, *names: str) -> bool:
    return next((rule.allow for rule in _speaking(role, *names) if rule.where(row)), False)


def _speaking(role: str | None, *names: str) -> Iterator[Rule]:
    return (rule for rule in RULES if rule.is_for(role) and {EVERY, *names} & set(rule.what))
