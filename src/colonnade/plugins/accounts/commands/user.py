"""``colonnade user``: add, list, activate, deactivate; give and take roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
from pyramid.registry import Registry
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from colonnade.core.console import Invocation, json_option, note, pass_invocation, write_json, write_table
from colonnade.core.database import execute
from colonnade.core.settings import nearest
from colonnade.plugins.accounts.models import User
from colonnade.plugins.accounts.users import add_role, create_user, find_user, remove_role


@click.group()
def user() -> None:
    """Look after users: who they are, and which roles they have."""


@user.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role that the user has; may be repeated.")
@json_option
@pass_invocation
def add(invocation: Invocation, name: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a user. They sign in by a token: colonnade token add NAME."""
    with invocation.session() as session:
        added = _shown(create_user(session, name, roles))
    _tell(
        added,
        as_json=as_json,
        text=f"Added the user {name}" + (f" with the role {', '.join(roles)}." if roles else "."),
    )
    _warn_of_unknown(roles, invocation.registry)


@user.command("list")
@json_option
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List all users with their roles."""
    with invocation.session() as session:
        statement = select(User).options(selectinload(User.granted)).order_by(User.name)
        users = [_shown(each) for each in execute(session, statement).scalars()]
    if as_json:
        write_json(users)
    else:
        rows = [(each["name"], ", ".join(each["roles"]), each["active"], each["created"]) for each in users]
        write_table(("name", "roles", "active", "created"), rows)


@user.command()
@click.argument("name")
@json_option
@pass_invocation
def activate(invocation: Invocation, name: str, as_json: bool) -> None:
    """Let a user in again, with the tokens that they have."""
    _set_active(invocation, name, active=True, as_json=as_json)


@user.command()
@click.argument("name")
@json_option
@pass_invocation
def deactivate(invocation: Invocation, name: str, as_json: bool) -> None:
    """Let a user in no more: their tokens are refused from now on."""
    _set_active(invocation, name, active=False, as_json=as_json)


@user.group()
def role() -> None:
    """Give roles to users and take them away."""


@role.command("add")
@click.argument("name")
@click.argument("role")
@json_option
@pass_invocation
def add_one(invocation: Invocation, name: str, role: str, as_json: bool) -> None:
    """Give a user a role."""
    with invocation.session() as session:
        found = find_user(session, name)
        added = add_role(found, role)
        shown = _shown(found)
    text = f"{name} has the role {role} now." if added else f"{name} had the role {role} before."
    _tell(shown, as_json=as_json, text=text)
    _warn_of_unknown([role], invocation.registry)


@role.command("remove")
@click.argument("name")
@click.argument("role")
@json_option
@pass_invocation
def remove_one(invocation: Invocation, name: str, role: str, as_json: bool) -> None:
    """Take a role from a user."""
    with invocation.session() as session:
        found = find_user(session, name)
        remove_role(found, role)
        shown = _shown(found)
    _tell(shown, as_json=as_json, text=f"{name} no longer has the role {role}.")


def _set_active(invocation: Invocation, name: str, *, active: bool, as_json: bool) -> None:
    with invocation.session() as session:
        found = find_user(session, name)
        found.active = active
        shown = _shown(found)
    _tell(shown, as_json=as_json, text=f"{name} is {'active' if active else 'not active'} now.")


def _shown(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "roles": list(user.roles),
        "active": user.active,
        "created": user.created,
    }


def _tell(shown: dict[str, Any], *, as_json: bool, text: str) -> None:
    if as_json:
        write_json(shown)
    else:
        click.echo(text)


def _warn_of_unknown(roles: Iterable[str], registry: Registry) -> None:
    """Say which roles no list of this application names: they are allowed, and do nothing yet."""
    from colonnade.core.policy import policy_of
    from colonnade.core.resources import resources_of

    policy = policy_of(registry)
    entries = [*policy.root, *(entry for each in resources_of(registry).values() for entry in each.acl)]
    known = {entry.principal.removeprefix("role:") for entry in entries if entry.principal.startswith("role:")}
    for role in roles:
        if role not in known:
            note(f"No access control list names the role {role}{nearest(role, known)}")
