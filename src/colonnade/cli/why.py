"""``colonnade why USER PERMISSION PATH``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, json_option, pass_invocation, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colonnade.core.policy.explanation import Explanation
    from colonnade.core.resources import Resource


@click.command()
@click.argument("user")
@click.argument("permission")
@click.argument("path")
@json_option
@pass_invocation
def why(invocation: Invocation, user: str, permission: str, path: str, as_json: bool) -> None:
    """Tell why USER may or may not do something.

    PERMISSION is view, create, edit, delete, or a plug-in's own. PATH is employees, employees/7, or employees/7/salary
    for a field; what the API's URLs have before it may stand there too. USER is a name, or "anonymous".

    The entry that decided is named by file and line. A record that is missing from a list may not be viewed.
    """
    from colonnade.core.policy import ANONYMOUS, policy_of
    from colonnade.core.policy.explanation import explain
    from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
    from colonnade.core.resources import resources_of
    from colonnade.core.tree import join_key

    resource, key, field = _parse(path, resources_of(invocation.registry))
    with invocation.database.read() as connection:
        identity = ANONYMOUS if user == "anonymous" else invocation.find_identity(invocation.registry, user)
        me = IdentityAttributes(identity, identity_attributes_of(invocation.registry), connect=lambda: connection)

        def fetch(statement: Any, parameters: Mapping[str, object]) -> Sequence[Any] | None:
            rows = connection.rows(statement, parameters)
            return rows[0] if rows else None

        explanations = explain(
            policy_of(invocation.registry), resource, identity, me, permission, key=key, field=field, fetch=fetch
        )
    if as_json:
        write_json([_members(each) for each in explanations])
        return
    place = "/".join([resource.name, *([join_key(_texts(resource, key))] if key else [])])
    for each in explanations:
        _tell(user, place, each)


def _parse(path: str, resources: Any) -> tuple[Resource, tuple[object, ...] | None, str | None]:
    """The resource, the record and the field that a path names."""
    from urllib.parse import unquote, urlsplit

    from colonnade.core.problems import NotFound
    from colonnade.core.settings import nearest
    from colonnade.core.tree import split_key

    segments = [unquote(each) for each in urlsplit(path).path.split("/") if each]
    if segments[:2] == ["api", "v1"]:
        segments = segments[2:]
    if not segments or segments[0] not in resources:
        name = segments[0] if segments else path
        raise click.UsageError(f"there is no resource {name}{nearest(name, list(resources))}")
    resource: Resource = resources[segments[0]]
    if len(segments) > 3:
        raise click.UsageError("a path is RESOURCE, RESOURCE/KEY or RESOURCE/KEY/FIELD")
    if len(segments) == 3 and segments[2] not in resource.names:
        raise click.UsageError(
            f"{resource.name} has no field or relation {segments[2]}{nearest(segments[2], list(resource.names))}"
        )
    if len(segments) == 1:
        return resource, None, None
    try:
        parts = split_key(segments[1])
        key = tuple(each.value.parse_text(part) for each, part in zip(resource.key, parts, strict=True))
    except (ValueError, NotFound):
        raise click.UsageError(f"{segments[1]!r} cannot be a key of {resource.name}") from None
    return resource, key, segments[2] if len(segments) == 3 else None


def _texts(resource: Resource, key: tuple[object, ...]) -> list[str]:
    return [field.value.to_text(part) for field, part in zip(resource.key, key, strict=True)]


def _tell(user: str, place: str, explanation: Explanation) -> None:
    field = f"/{explanation.field}" if explanation.field else ""
    click.echo(click.style(f"{user}: {explanation.permission} {place}{field}: {explanation.verdict}", bold=True))
    for each in explanation.considered:
        matches = {True: "matches", False: "does not match", None: "depends on the row"}[each.matches]
        decided = "  ← decided" if each.entry is explanation.decided_by else ""
        click.echo(f"  {each.entry.where}: {_line(each.entry)}: {matches}{decided}")
    click.echo(f"  {explanation.reason}")


def _line(entry: object) -> str:
    return " ".join(str(entry).split())


def _members(explanation: Explanation) -> dict[str, object]:
    return {
        "permission": explanation.permission,
        "field": explanation.field,
        "verdict": explanation.verdict,
        "reason": explanation.reason,
        "decided_by": _entry(explanation.decided_by),
        "considered": [{**(_entry(each.entry) or {}), "matches": each.matches} for each in explanation.considered],
    }


def _entry(entry: Any) -> dict[str, object] | None:
    if entry is None:
        return None
    return {"entry": _line(entry), "file": entry.where.file, "line": entry.where.line}
