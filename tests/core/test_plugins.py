"""Plug-ins: how they are named, found, ordered, and what is said of one that is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError

from colonnade.core.commands import commands_of
from colonnade.core.plugins import Plugin, plugin_of_module, plugins_of
from colonnade.core.roads import roads_of
from colonnade.core.settings import DEFAULT, ConfigurationErrors, describe_settings
from tests.core.stubs import SECRET, Bench, bench_at, mistakes_of, start


@pytest.fixture(autouse=True)
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


def declare(bench: Bench, name: str, *requires: str, called: str | None = None) -> str:
    """Write a plug-in that does nothing but say what it is, on line 2."""
    return bench.plugin(
        name,
        f"""
        def includeme(config):
            config.add_plugin("{called or name.rpartition(".")[2]}", requires={list(requires)})
        """,
    )


def names(**settings: object) -> list[str]:
    return [plugin.name for plugin in plugins_of(start(**settings).registry)]


# -- Order


def test_each_comes_after_those_that_it_requires_and_else_as_the_ini_has_them(bench: Bench) -> None:
    declare(bench, "zebra")
    declare(bench, "lion", "zebra", "grass")
    declare(bench, "grass", "rain")
    declare(bench, "rain")
    declare(bench, "ant")
    assert names(colonnade__plugins="ant\nlion\ngrass\nrain\nzebra") == ["ant", "zebra", "rain", "grass", "lion"]
    assert names(colonnade__plugins="zebra\nrain\ngrass\nlion\nant") == ["zebra", "rain", "grass", "lion", "ant"]


def test_they_are_included_in_that_order(bench: Bench) -> None:
    for name, requires in {"first": [], "second": ["first"]}.items():
        bench.plugin(
            name,
            f"""
            def includeme(config):
                config.add_plugin("{name}", requires={requires})
                config.registry.settings.setdefault("order", []).append("{name}")
            """,
        )
    assert start(colonnade__plugins="second\nfirst").registry.settings["order"] == ["first", "second"]


def test_none_runs_before_all_are_known_to_be_right(bench: Bench) -> None:
    bench.plugin(
        "eager",
        """
        def includeme(config):
            config.add_plugin("eager")
            raise AssertionError("it ran")
        """,
    )
    assert len(mistakes_of(colonnade__plugins="eager\nnowhere")) == 1


def test_a_missing_requirement_is_told_with_who_needs_it_and_where(bench: Bench) -> None:
    declare(bench, "lion", "zebra", "rest", "lionn")
    declare(bench, "zebras")
    here = bench.folder / "lion.py"
    assert mistakes_of(colonnade__plugins=["lion", "zebras"]) == [
        f"settings: lion requires zebra, which is not on; did you mean zebras? (see {here}:2)",
        f"settings: lion requires rest, which is installed: name it in colonnade.plugins too (see {here}:2)",
        (
            "settings: lion requires lionn, which is not on; known: accounts, health, history, openapi, people, rest, "
            f"transfer, zebras (see {here}:2)"
        ),
    ]


def test_a_requirement_that_is_named_and_broken_is_told_once(bench: Bench) -> None:
    declare(bench, "lion", "zebra")
    bench.plugin("zebra", "import no_such_grass\n")
    (mistake,) = mistakes_of(colonnade__plugins="lion\nzebra")
    assert "zebra cannot be imported" in mistake


def test_a_circle_is_told_with_every_place_of_it(bench: Bench) -> None:
    for name, required in {"hen": "egg", "egg": "nest", "nest": "hen", "cock": "hen"}.items():
        declare(bench, name, required)
    places = ", ".join(f"{bench.folder}/{name}.py:2" for name in ("hen", "egg", "nest"))
    assert mistakes_of(colonnade__plugins="hen\negg\nnest\ncock") == [
        f"settings: hen requires egg requires nest requires hen; one of them has to go without ({places})"
    ]


def test_one_that_requires_itself_is_a_circle(bench: Bench) -> None:
    declare(bench, "snake", "snake")
    (mistake,) = mistakes_of(colonnade__plugins="snake")
    assert mistake.startswith("settings: snake requires snake; one of them has to go without")


# -- Names


def test_a_name_that_leads_nowhere_is_told_with_its_line_and_the_nearest_name(bench: Bench) -> None:
    declare(bench, "animals.lion")
    bench.ini(
        "zoo.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        colonnade.plugins = opanapi
            animals.loin
            animals.lion:include
            xyzzy
            a b
            .relative
            animals:lion:twice
        """,
    )
    known = "accounts, health, history, openapi, people, rest, transfer"
    assert bench.mistakes("zoo.ini") == [
        "zoo.ini:4: there is no plug-in opanapi; did you mean openapi?",
        "zoo.ini:5: there is no plug-in animals.loin; did you mean animals.lion?",
        "zoo.ini:6: there is no plug-in animals.lion:include; did you mean animals.lion?",
        f"zoo.ini:7: there is no plug-in xyzzy; known: {known}",
        f"zoo.ini:8: there is no plug-in a b; known: {known}",
        "zoo.ini:9: there is no plug-in .relative; known: " + bench.mistakes("zoo.ini")[5].partition("known: ")[2],
        "zoo.ini:10: there is no plug-in animals:lion:twice; known: " + known,
    ]


def test_a_variable_that_names_a_plug_in_is_told(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_PLUGINS", "opanapi")
    assert mistakes_of() == ["COLONNADE_PLUGINS: there is no plug-in opanapi; did you mean openapi?"]


@pytest.mark.parametrize("dotted", ["animals.lion", "animals.lion:includeme", "animals.lion.includeme"])
def test_a_dotted_name_is_a_module_or_its_function(bench: Bench, dotted: str) -> None:
    declare(bench, "animals.lion")
    (plugin,) = plugins_of(start(colonnade__plugins=dotted).registry)
    assert (plugin.name, plugin.module) == ("lion", "animals.lion")


def test_an_installed_plug_in_is_found_by_its_entry_point(bench: Bench) -> None:
    declare(bench, "animals.lion")
    install(bench, "lion_king", "animals.lion")
    (plugin,) = plugins_of(start(colonnade__plugins="lion_king").registry)
    assert (plugin.name, plugin.module) == ("lion", "animals.lion")


def test_an_entry_point_that_leads_nowhere_is_told(bench: Bench) -> None:
    install(bench, "lion_king", "animals.lion")
    assert mistakes_of(colonnade__plugins="lion_king") == [
        "settings: the plug-in lion_king is installed as animals.lion, which does not exist"
    ]


def test_two_packages_that_bring_one_name_are_told(bench: Bench) -> None:
    install(bench, "lion", "animals.lion")
    install(bench, "lion", "fairytales.lion")
    assert mistakes_of(colonnade__plugins="lion") == [
        (
            "settings: several installed packages bring a plug-in lion;"
            " give the dotted name of one: animals.lion or fairytales.lion"
        )
    ]


def install(bench: Bench, name: str, dotted: str) -> None:
    """Leave what pip leaves of a package that has a plug-in."""
    info = bench.folder / f"{dotted.replace('.', '_')}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dotted.replace('.', '-')}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[colonnade.plugins]\n{name} = {dotted}\n")


def test_the_real_import_error_is_shown_with_its_line(bench: Bench) -> None:
    bench.plugin("lion", "import os\nimport no_such_grass\n")
    bench.plugin("zebra", "def includeme(config):\n    from os import no_such_thing\n")
    assert [each.replace(str(bench.folder), "") for each in mistakes_of(colonnade__plugins="lion\nzebra")] == [
        "settings: lion cannot be imported: ModuleNotFoundError: No module named 'no_such_grass' (/lion.py:2)",
        (
            "settings: zebra cannot be imported: ImportError: cannot import name 'no_such_thing' from 'os'"
            f" ({__import__('os').__file__}) (/zebra.py:2)"
        ),
    ]


def test_a_package_whose_own_submodule_is_missing_is_not_said_to_be_missing_itself(bench: Bench) -> None:
    bench.plugin("animals.lion", "import animals.zebra\n")
    (mistake,) = mistakes_of(colonnade__plugins="animals.lion")
    assert "ModuleNotFoundError: No module named 'animals.zebra'" in mistake


def test_an_error_in_a_plug_in_stays_what_it_is_and_says_which(bench: Bench) -> None:
    bench.plugin("lion", "roar = 1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        start(colonnade__plugins="lion")
    assert caught.value.__notes__ == [
        "This happened while Colonnade asked the plug-in lion what it is, named at settings."
    ]


def test_a_bad_name_in_pyramid_includes_is_told_with_its_line(bench: Bench) -> None:
    bench.plugin("lion", "import no_such_grass\n")
    bench.ini(
        "zoo.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        pyramid.includes =
            pyramid_no_such_thing
            lion
        """,
    )
    assert [each.replace(str(bench.folder), "") for each in bench.mistakes("zoo.ini")] == [
        "zoo.ini:5: pyramid.includes names pyramid_no_such_thing, which is not installed",
        (
            "zoo.ini:6: lion of pyramid.includes cannot be imported:"
            " ModuleNotFoundError: No module named 'no_such_grass' (/lion.py:1)"
        ),
    ]


# -- What a plug-in says of itself


def test_what_it_says_is_kept(bench: Bench) -> None:
    bench.plugin(
        "animals.lion",
        """
        from colonnade import Settings

        class LionSettings(Settings):
            teeth: int = 30

        def includeme(config):
            config.add_plugin("lion", summary="Roars.", settings=LionSettings, migrations="animals:changes")
        """,
    )
    bench.ini(
        "zoo.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        colonnade.plugins =
            animals.lion
        lion.teeth = 29
        """,
    )
    registry = bench.start("zoo.ini").registry
    (lion,) = plugins_of(registry)
    assert (lion.name, lion.summary, lion.requires, lion.migrations) == ("lion", "Roars.", (), "animals:changes")
    assert lion.where == (str(bench.folder / "animals/lion.py"), 7)
    assert str(lion.origin) == "zoo.ini:5"
    (row,) = (row for row in describe_settings(registry) if row.key == "lion.teeth")
    assert (row.value, row.origin) == ("29", "zoo.ini:6")


@pytest.mark.parametrize(
    "body, said",
    [
        ("config.add_route('x', '/x')", "lion uses config.add_route before it says what it is ({here}:2);"),
        ("config.registry.x = 1", "lion uses config.registry before it says what it is ({here}:2);"),
        ("pass", "lion does not say what it is;"),
    ],
)
def test_the_first_call_has_to_be_add_plugin(bench: Bench, body: str, said: str) -> None:
    bench.plugin("lion", f"def includeme(config):\n    {body}\n    config.add_route('y', '/y')\n")
    if body == "pass":
        bench.plugin("lion", "def includeme(config):\n    pass\n")
    expected = said.format(here=bench.folder / "lion.py")
    assert mistakes_of(colonnade__plugins="lion") == [
        f"settings: {expected} the first call of its includeme should be config.add_plugin(name, summary=...)"
    ]


def test_an_includeme_that_swallows_exceptions_is_asked_all_the_same(bench: Bench) -> None:
    bench.plugin(
        "lion",
        """
        def includeme(config):
            try:
                config.add_plugin("lion")
            except Exception:
                pass
        """,
    )
    assert names(colonnade__plugins="lion") == ["lion"]


@pytest.mark.parametrize(
    "call, said",
    [
        ('"Lion"', "'Lion' is no name for a plug-in ({here}): it should be lower-case words of letters and digits,"),
        ('"lion-king"', "'lion-king' is no name for a plug-in ({here}): it should be lower-case words of letters and"),
        ('"lion__king"', "'lion__king' is no name for a plug-in ({here}): it should be lower-case words of letters"),
        ("7", "7 is no name for a plug-in ({here}): it should be lower-case words of letters and digits, joined by"),
        ('"lion", requires="zebra"', "`requires` of lion should be a list of names, not 'zebra' ({here})"),
        ('"lion", settings=dict', "the settings of lion should be a subclass of Settings, not <class 'dict'> ({here})"),
        ('"colonnade"', "no plug-in can be called colonnade: settings of that prefix are not a plug-in's ({here})"),
        ('"pyramid"', "no plug-in can be called pyramid: settings of that prefix are not a plug-in's ({here})"),
    ],
)
def test_what_cannot_be_meant_is_told(bench: Bench, call: str, said: str) -> None:
    bench.plugin("lion", f"def includeme(config):\n    config.add_plugin({call})\n")
    (mistake,) = mistakes_of(colonnade__plugins="lion")
    assert mistake.startswith("settings: " + said.format(here=f"{bench.folder}/lion.py:2"))


def test_a_module_without_an_includeme_is_no_plug_in(bench: Bench) -> None:
    bench.plugin("lion", "")
    assert mistakes_of(colonnade__plugins="lion") == [
        "settings: lion is no plug-in: lion has no function includeme(config)"
    ]


# -- Claims


def test_one_that_is_listed_twice_is_told_with_both_lines(bench: Bench) -> None:
    declare(bench, "animals.lion")
    bench.ini(
        "zoo.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        colonnade.plugins =
            animals.lion
            animals.lion
            animals.lion:includeme
        """,
    )
    assert bench.mistakes("zoo.ini") == [
        "zoo.ini:6: animals.lion is listed twice; it stands at zoo.ini:5 already",
        "zoo.ini:7: animals.lion:includeme is listed twice; it stands at zoo.ini:5 already",
    ]


def test_two_of_one_name_are_told_with_both_places(bench: Bench) -> None:
    declare(bench, "savanna", called="lion")
    declare(bench, "circus", called="lion")
    assert mistakes_of(colonnade__plugins="savanna\ncircus") == [
        (
            f"settings: two plug-ins are called lion: {bench.folder}/savanna.py:2 (from settings) and"
            f" {bench.folder}/circus.py:2"
        )
    ]


def test_two_that_share_a_settings_class_are_told(bench: Bench) -> None:
    bench.plugin("shared", "from colonnade import Settings\nclass Shared(Settings):\n    x: int = 0\n")
    for name in ("lion", "zebra"):
        bench.plugin(
            name,
            f"from shared import Shared\ndef includeme(config):\n    config.add_plugin('{name}', settings=Shared)\n",
        )
    (mistake,) = mistakes_of(colonnade__plugins="lion\nzebra")
    assert "share one settings class; subclass it" in mistake


def test_one_that_another_includes_by_itself_is_refused_unless_it_is_named(bench: Bench) -> None:
    declare(bench, "zebra")
    bench.plugin(
        "lion",
        """
        def includeme(config):
            config.add_plugin("lion")
            config.include("zebra")
        """,
    )
    with pytest.raises(ConfigurationError, match=r"zebra\.py:2: the plug-in zebra was included without being named in"):
        start(colonnade__plugins="lion")
    assert names(colonnade__plugins="lion\nzebra") == ["lion", "zebra"]


@pytest.mark.parametrize(
    "claim",
    [
        "config.add_command('tame', 'tamer:tame')",
        "config.add_road('circus', kind='read')",
        "config.add_route('ring', '/ring')",
        "config.add_view(lambda request: None, name='ring', permission='view')",
    ],
)
def test_two_that_claim_the_same_are_told_with_both_files_and_lines(bench: Bench, claim: str) -> None:
    for name in ("lion", "zebra"):
        bench.plugin(name, f"def includeme(config):\n    config.add_plugin('{name}')\n    {claim}\n")
    with pytest.raises(ConfigurationConflictError) as caught:
        start(colonnade__plugins="lion\nzebra")
    for name in ("lion", "zebra"):
        assert f"Line 3 of file {bench.folder}/{name}.py" in str(caught.value)


# -- What it adds


def test_its_commands_are_kept_with_their_place_and_not_imported(bench: Bench) -> None:
    bench.plugin(
        "animals.lion",
        """
        def includeme(config):
            config.add_plugin("lion")
            config.add_command("tame", "animals.taming:tame")
            config.add_command("feed-all", ".feeding:feed")
        """,
    )
    registry = start(colonnade__plugins="animals.lion").registry
    here = str(bench.folder / "animals/lion.py")
    assert [(each.name, each.dotted, each.where) for each in commands_of(registry)] == [
        ("tame", "animals.taming:tame", (here, 3)),
        ("feed-all", "animals.feeding:feed", (here, 4)),
    ]


@pytest.mark.parametrize("name, dotted", [("Tame", "a:b"), ("tame_all", "a:b"), ("tame", "a.b"), ("tame", "a:b c")])
def test_a_command_that_cannot_be_one_is_told_with_its_place(bench: Bench, name: str, dotted: str) -> None:
    bench.plugin(
        "lion",
        f"def includeme(config):\n    config.add_plugin('lion')\n    config.add_command('{name}', '{dotted}')\n",
    )
    with pytest.raises(ConfigurationError, match=r"lion\.py:3: .*(lower-case words|package\.module:attribute)"):
        start(colonnade__plugins="lion")


def test_its_roads_can_be_enumerated(bench: Bench) -> None:
    bench.plugin(
        "lion",
        """
        def includeme(config):
            config.add_plugin("lion")
            config.add_road("hunt", kind="read", resource="zebras", summary="Looks for zebras.")
            config.add_road("hunt", kind="write", resource="zebras")
        """,
    )
    roads = roads_of(start(colonnade__plugins="lion").registry)
    mine = [(road.name, road.kind, road.resource, road.summary) for road in roads if road.name == "hunt"]
    assert mine == [("hunt", "read", "zebras", "Looks for zebras."), ("hunt", "write", "zebras", "")]


def test_a_road_of_another_kind_is_refused(bench: Bench) -> None:
    bench.plugin(
        "lion", "def includeme(config):\n    config.add_plugin('lion')\n    config.add_road('x', kind='both')\n"
    )
    with pytest.raises(ConfigurationError, match=r"lion\.py:3: the kind of a road is read or write, not 'both'"):
        start(colonnade__plugins="lion")


def test_a_module_belongs_to_the_plug_in_with_the_longest_package_prefix() -> None:
    zoo, lions = (
        Plugin(name, "", (), None, None, ("", 0), module, DEFAULT, lambda config: None)
        for name, module in {"zoo": "zoo", "lions": "zoo.lions"}.items()
    )
    for module, owner in {"zoo": zoo, "zoo.lions.models": lions, "zoo.lionsden": zoo, "zoos": None}.items():
        assert plugin_of_module([zoo, lions], module) is owner


def test_an_application_without_plug_ins_starts() -> None:
    assert plugins_of(start().registry) == ()


def test_the_probe_reports_configuration_errors_as_mistakes_with_the_others(bench: Bench) -> None:
    bench.plugin("lion", "def includeme(config):\n    config.add_plugin('Lion')\n")
    with pytest.raises(ConfigurationErrors) as caught:
        start(colonnade__plugins="lion\nnowhere", colonnade__secret="short")
    assert len(caught.value.mistakes) == 3
