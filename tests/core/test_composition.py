"""How the application is put together, and what the closing check refuses."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from pyramid.interfaces import ITweens
from webtest import TestApp

import colonnade
from tests.core.stubs import SECRET, Bench, bench_at, mistakes_of, start


@pytest.fixture(autouse=True)
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


def zoo(bench: Bench, body: str, name: str = "zoo", head: str = "") -> str:
    """Write a plug-in whose includeme goes on with these lines, of which the first is line 10; return its file."""
    lines = [*head.splitlines(), *["#"] * (7 - len(head.splitlines()))]
    lines += ["def includeme(config):", f"    config.add_plugin('{name}')"]
    lines += [f"    {each}" for each in body.splitlines()]
    bench.plugin(name, "\n".join(lines) + "\n")
    return str(bench.folder / f"{name}.py")


VIEWS = """from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.static import static_view
from cornice import Service
def view(request):
    return request.response
class Roars(Exception):
    pass"""


def told(bench: Bench, *plugins: str) -> list[str]:
    return [each.replace(f"{bench.folder}/", "") for each in mistakes_of(colonnade__plugins=plugins or ("zoo",))]


# -- The end of it


def test_an_application_that_nobody_uses_any_more_leaves_nothing_behind() -> None:
    app = start(colonnade__plugins=("health", "accounts", "rest", "openapi", "transfer", "people", "history"))
    registry = weakref.ref(app.registry)
    del app
    gc.collect()
    assert registry() is None


# -- Permissions


def test_every_view_without_a_permission_is_told_at_once_with_its_line(bench: Bench) -> None:
    zoo(
        bench,
        "config.add_route('lions', '/lions')\n"
        "config.add_view(view, route_name='lions')\n"
        "config.add_view(view, name='guarded', permission='view')\n"
        "config.add_view(view, name='open', permission=NO_PERMISSION_REQUIRED)\n"
        "config.add_view(view, name='bare')\n"
        "config.add_view(view, name='post', request_method=('POST', 'OPTIONS'))",
        head=VIEWS,
    )
    assert told(bench) == [
        (
            "zoo.py:11: a view has no permission: function zoo.view of the route lions;"
            " give it permission=..., which may be NO_PERMISSION_REQUIRED if anybody may call it"
        ),
        (
            "zoo.py:14: a view has no permission: function zoo.view;"
            " give it permission=..., which may be NO_PERMISSION_REQUIRED if anybody may call it"
        ),
        (
            "zoo.py:15: a view has no permission: function zoo.view;"
            " give it permission=..., which may be NO_PERMISSION_REQUIRED if anybody may call it"
        ),
    ]


@pytest.mark.parametrize(
    "exempt",
    [
        "config.add_exception_view(view, context=Roars)",
        "config.add_view(view, context=Roars)",
        "config.add_notfound_view(view)",
        "config.add_forbidden_view(view)",
        "config.add_static_view('lions', 'zoo:static')",
        "config.add_view(static_view('zoo:static'), name='files')",
        "config.add_view(view, name='x', request_method='OPTIONS')",
        "config.add_view(view, name='x', request_method=('OPTIONS',))",
        "config.set_default_permission('view'); config.add_view(view, name='x')",
    ],
)
def test_views_that_need_no_permission_are_left_alone(bench: Bench, exempt: str) -> None:
    zoo(bench, exempt, head=VIEWS)
    start(colonnade__plugins="zoo")


def test_a_view_that_is_found_by_a_scan_is_told_with_its_own_line(bench: Bench) -> None:
    bench.plugin(
        "zoo",
        """
        from pyramid.view import view_config

        @view_config(name="lions", renderer="json")
        def lions(request):
            return []

        def includeme(config):
            config.add_plugin("zoo")
            config.scan()
        """,
    )
    (mistake,) = told(bench)
    assert mistake.startswith("zoo.py:3: a view has no permission: function zoo.lions;")


def test_a_view_that_replaces_a_guarded_one_without_a_guard_is_told(bench: Bench) -> None:
    zoo(
        bench,
        "config.add_view(view, name='lions', permission='view')\n"
        "config.commit()\n"
        "config.add_view(lambda request: None, name='lions')",
        head=VIEWS,
    )
    (mistake,) = told(bench)
    assert mistake.startswith("zoo.py:12: ")


def test_a_service_without_a_permission_is_told_and_its_preflight_is_not(bench: Bench) -> None:
    zoo(
        bench,
        "lions = Service('lions', '/lions', cors_origins=('*',))\n"
        "lions.add_view('GET', view)\n"
        "lions.add_view('POST', view, permission='create')\n"
        "config.add_cornice_service(lions)",
        head=VIEWS,
    )
    (mistake,) = told(bench)
    assert mistake.startswith("zoo.py:13: a view has no permission: function zoo.view__GET, function zoo.view__HEAD of")


def test_a_service_that_is_found_by_a_scan_is_told_with_its_own_line(bench: Bench) -> None:
    bench.plugin(
        "zoo",
        """
        from cornice import Service

        lions = Service("lions", "/lions")

        @lions.get()
        def get(request):
            return []

        def includeme(config):
            config.add_plugin("zoo")
            config.scan()
        """,
    )
    (mistake,) = told(bench)
    assert mistake.startswith(
        "zoo.py:5: a view has no permission: function zoo.get__GET, function zoo.get__HEAD of the route"
    )


def test_a_resource_without_a_policy_is_refused_with_its_line(bench: Bench) -> None:
    bench.plugin(
        "zoo",
        """
        from sqlalchemy.orm import Mapped, mapped_column
        from colonnade import Model

        class ZooLion(Model):
            __tablename__ = "zoo_lion"
            id: Mapped[int] = mapped_column(primary_key=True)

        def includeme(config):
            config.add_plugin("zoo")
            config.add_resource(ZooLion)
        """,
    )
    with pytest.raises(ConfigurationError, match=r"zoo\.py:10: the resource zoo-lions has no policy"):
        start(colonnade__plugins="zoo")


# -- Paths


def test_two_services_on_one_path_are_told_with_both_files_and_lines(bench: Bench) -> None:
    for name in ("zoo", "circus"):
        zoo(
            bench,
            f"lions = Service('{name} lions', '/lions/{{{name}_id}}')\n"
            "lions.add_view('GET', view, permission='view')\n"
            "config.add_cornice_service(lions)",
            name=name,
            head=VIEWS,
        )
    assert told(bench, "zoo", "circus") == [
        (
            "circus.py:12: circus lions stands on the path /lions/{circus_id}, and so does zoo lions (zoo.py:12);"
            " give one of them another path"
        )
    ]


def test_two_services_on_one_path_that_a_scan_found_are_told_with_their_own_lines(bench: Bench) -> None:
    for name in ("zoo", "circus"):
        bench.plugin(
            name,
            f"""
            from cornice.resource import resource, view

            @resource(collection_path="/lions", path="/lions/{{id}}", name="{name}")
            class Lions:
                def __init__(self, request, context=None):
                    pass

                @view(permission="view")
                def collection_get(self):
                    return []

                @view(permission="view")
                def get(self):
                    return []

            def includeme(config):
                config.add_plugin("{name}")
                config.scan()
            """,
        )
    assert told(bench, "zoo", "circus") == [
        (
            "circus.py:8: collection_circus stands on the path /lions, and so does collection_zoo (zoo.py:8);"
            " give one of them another path"
        ),
        (
            "circus.py:12: circus stands on the path /lions/{id}, and so does zoo (zoo.py:12);"
            " give one of them another path"
        ),
    ]


def test_two_services_on_one_existing_route_conflict(bench: Bench) -> None:
    for name in ("zoo", "circus"):
        zoo(
            bench,
            ("config.add_route('lions', '/lions')\n" if name == "zoo" else "\n")
            + f"lions = Service('{name} lions', pyramid_route='lions')\n"
            "lions.add_view('GET', view, permission='view')\n"
            "config.add_cornice_service(lions)",
            name=name,
            head=VIEWS,
        )
    with pytest.raises(ConfigurationConflictError) as caught:
        start(colonnade__plugins="zoo\ncircus")
    for name in ("zoo", "circus"):
        assert f"Line 13 of file {bench.folder}/{name}.py" in str(caught.value)


@pytest.mark.parametrize(
    "one, other",
    [
        ("'/lions'", "'lions'"),
        ("'/lions/{id}'", "'/lions/{name}'"),
        (r"r'/lions/{id:\d{2}}'", r"r'/lions/{nr:\d{2}}'"),
        ("'/lions/*rest'", "'/lions/*path'"),
        ("'/lions', request_method='GET'", "'/lions', request_method='GET'"),
        ("'/lions', traverse='/a'", "'/lions', traverse='/b'"),
    ],
)
def test_two_routes_for_the_same_requests_are_told(bench: Bench, one: str, other: str) -> None:
    zoo(bench, f"config.add_route('a', {one})\nconfig.add_route('b', {other})")
    (mistake,) = told(bench)
    assert mistake.startswith("zoo.py:11: b stands on the path ")
    assert mistake.endswith("and so does a (zoo.py:10); give one of them another path")


@pytest.mark.parametrize(
    "one, other",
    [
        ("'/lions'", "'/lions/'"),
        ("'/lions/{id}'", r"r'/lions/{id:\d+}'"),
        (r"r'/lions/{id:\d+}'", r"r'/lions/{id:\w+}'"),
        ("'/lions', request_method='GET'", "'/lions', request_method='POST'"),
        ("'/lions', request_method='GET'", "'/lions'"),
        ("'/lions', is_authenticated=True", "'/lions', is_authenticated=False"),
        ("'/lions'", "'http://example.com/lions', static=True"),
    ],
)
def test_two_routes_for_different_requests_are_left_alone(bench: Bench, one: str, other: str) -> None:
    zoo(bench, f"config.add_route('a', {one})\nconfig.add_route('b', {other})")
    start(colonnade__plugins="zoo")


# -- The whole


def test_a_service_of_a_plug_in_answers(bench: Bench) -> None:
    zoo(
        bench,
        "lions = Service('lions', '/lions')\n"
        "lions.add_view('GET', lambda request: ['Simba'], permission=NO_PERMISSION_REQUIRED)\n"
        "config.add_cornice_service(lions)",
        head=VIEWS,
    )
    assert TestApp(start(colonnade__plugins="zoo")).get("/lions").json == ["Simba"]


def test_a_plug_in_that_includes_cornice_once_more_does_no_harm(bench: Bench) -> None:
    zoo(
        bench,
        "lions = Service('lions', '/lions')\n"
        "lions.add_view('GET', lambda request: ['Simba'], permission=NO_PERMISSION_REQUIRED)\n"
        "config.add_cornice_service(lions)",
        head=VIEWS,
    )
    zoo(bench, "config.include('cornice')", name="circus")
    registry = start(colonnade__plugins="zoo\ncircus").registry
    assert "/lions" in registry.cornice_services


def test_two_applications_in_one_process_know_nothing_of_each_other(bench: Bench) -> None:
    zoo(bench, "config.registry.settings['mine'] = True")
    first, second = start(colonnade__plugins="zoo"), start()
    assert "mine" in first.registry.settings
    assert "mine" not in second.registry.settings


def test_the_toolbar_is_included_where_it_is_installed(bench: Bench) -> None:
    pytest.importorskip("pyramid_debugtoolbar")
    registry = start(pyramid__includes="colonnade.core.toolbar").registry
    assert "pyramid_debugtoolbar.toolbar_tween_factory" in [name for name, _ in registry.getUtility(ITweens).implicit()]


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, colonnade; print([m for m in ('pyramid', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "[]"


def test_an_application_loads_nothing_that_migrations_alone_need() -> None:
    plugins = "health\naccounts\nrest\nopenapi\ntransfer\npeople\nhistory"
    given = {"colonnade.environment": "development", "colonnade.secret": SECRET, "colonnade.plugins": plugins}
    code = f"import sys, colonnade; colonnade.main({{}}, **{given!r}); print('alembic' in sys.modules)"
    command = [sys.executable, "-W", "ignore", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "False"


def test_every_name_for_authors_is_there() -> None:
    for name in colonnade.__all__:
        assert getattr(colonnade, name) is not None
    assert set(colonnade.__all__) <= set(dir(colonnade))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'xyzzy'"):
        colonnade.xyzzy  # noqa: B018
