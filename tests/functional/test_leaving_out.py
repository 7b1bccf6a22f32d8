"""Any plug-in that nothing requires can be left out: what it brought is gone, and all else is as before."""

from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from colonnade import main
from colonnade.core.commands import commands_of
from colonnade.core.plugins import plugins_of
from colonnade.core.resources import resources_of
from colonnade.core.roads import roads_of
from tests.functional.company import PLUGINS, settings
from tests.harness.applications import SECRET

NOWHERE = "sqlite:////nowhere/at-all.sqlite"

#: What goes with each: routes, resources, verbs, roads.
BROUGHT: dict[str, dict[str, set[str]]] = {
    "health": {"routes": {"/health", "/ready"}},
    "openapi": {"routes": {"/openapi.json", "/docs"}, "verbs": {"openapi"}},
    "transfer": {"verbs": {"import", "export"}, "roads": {"import", "export", "rest export"}},
    "people": {
        "routes": {"/api/v1/employees", "/api/v1/employees/{key}/salaries"},
        "resources": {"employees", "departments", "salaries"},
        "verbs": {"demo"},
    },
}


def start(without: str | None = None) -> TestApp:
    """The application without one of its plug-ins. No database is there, and none is needed."""
    on = "\n".join(name for name in PLUGINS if name != without)
    return TestApp(main({}, **settings(NOWHERE, **{"colonnade.plugins": on})))


def brings(client: TestApp) -> dict[str, set[str]]:
    """What an application has."""
    registry = client.app.registry
    routes = registry.introspector.get_category("routes") or ()
    return {
        "routes": {each["introspectable"]["pattern"] for each in routes},
        "resources": set(resources_of(registry)),
        "verbs": {each.name for each in commands_of(registry)},
        "roads": {each.name for each in roads_of(registry)},
    }


def test_only_what_nothing_requires_is_left_out_here() -> None:
    """The table above names every plug-in but those that another one requires."""
    required = {name for plugin in plugins_of(start().app.registry) for name in plugin.requires}
    assert set(BROUGHT) == set(PLUGINS) - required


@pytest.mark.parametrize("name", BROUGHT)
def test_without_it_the_application_starts_and_has_nothing_of_it(name: str) -> None:
    """Routes, resources, verbs and roads; what others brought stays."""
    whole, rest = brings(start()), brings(start(without=name))
    for kind, brought in BROUGHT[name].items():
        assert brought <= whole[kind]
        assert not brought & rest[kind]
    for other, kinds in BROUGHT.items():
        for kind, brought in kinds.items():
            assert other == name or brought <= rest[kind]


@pytest.mark.parametrize("name", sorted(set(BROUGHT) - {"openapi"}))
def test_without_it_the_document_has_nothing_of_it(name: str) -> None:
    """The document is that of the running application."""
    whole, rest = (set(client.get("/openapi.json").json["paths"]) for client in (start(), start(without=name)))
    described = {path for path in BROUGHT[name].get("routes", ()) if path in whole}
    assert described or not BROUGHT[name].get("routes")
    assert not described & rest


def test_what_is_required_cannot_be_left_out() -> None:
    """It is named, and who requires it."""
    with pytest.raises(ConfigurationError, match=r"people requires accounts"):
        start(without="accounts")


def test_the_core_starts_without_any_plug_in() -> None:
    """And says that there is nothing."""
    client = TestApp(main({}, **{"colonnade.secret": SECRET, "sqlalchemy.url": NOWHERE}))
    assert client.get("/", status=404).json["status"] == 404


def test_the_servers_own_address_leads_to_the_documentation() -> None:
    """Whoever opens what was printed finds something."""
    assert start().get("/", status=303).location == "http://localhost/docs"
