"""Every mistake is told at once, each with the file and line that wrote it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade import main
from colonnade.core.settings import ConfigurationErrors, CoreSettings, describe_settings, settings_of
from tests.core.stubs import SECRET, Bench, bench_at


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_at(tmp_path) as bench:
        yield bench


def test_five_mistakes_in_a_chain_of_three_files_are_told_at_once_with_their_lines(bench: Bench) -> None:
    bench.plugin(
        "shop",
        """
        from pydantic import Field
        from colonnade import Settings

        class ShopSettings(Settings):
            workers: int = Field(default=1, description="How many.")
            colours: list[int] = Field(default=[], description="Which.")

        def includeme(config):
            config.add_plugin("shop", settings=ShopSettings)
        """,
    )
    bench.ini(
        "base.ini",
        """
        [app:foundation]
        use = egg:colonnade
        colonnade.environment = development

        colonnade.plugins =
            shop
            # a comment does not shift the lines
            opnapi
        shop.workers = many
        """,
    )
    bench.ini("middle.ini", "# a comment\n[app:main]\nuse = config:base.ini#foundation\n\ncolonnade.secrt = x\n")
    bench.ini(
        "leaf.ini",
        """
        [app:main]
        use = config:middle.ini
        shop.colours =
            1
            blue
        colonnade.secret = too short
        """,
    )

    mistakes = bench.mistakes("leaf.ini")

    assert mistakes == [
        "base.ini:8: there is no plug-in opnapi; did you mean openapi?",
        "base.ini:9: shop.workers is 'many'; it should be a valid integer, unable to parse string as an integer",
        "leaf.ini:5: shop.colours.1 is 'blue'; it should be a valid integer, unable to parse string as an integer",
        (
            "leaf.ini:6: colonnade.secret is **********; it should have at least 32 characters;"
            ' python -c "import secrets; print(secrets.token_urlsafe(32))" makes one'
        ),
        "middle.ini:5: colonnade.secrt is no setting; did you mean colonnade.secret?",
    ]


def test_the_error_says_how_many_mistakes_there_are_and_lists_them(bench: Bench) -> None:
    bench.ini("one.ini", f"[app:main]\nuse = egg:colonnade\ncolonnade.secret = {SECRET}\ncolonnade.plugin = rest\n")
    with pytest.raises(ConfigurationErrors) as caught:
        bench.start("one.ini")
    assert str(caught.value) == (
        "Colonnade cannot start: one mistake.\n"
        "  one.ini:4: colonnade.plugin is no setting; did you mean colonnade.plugins?"
    )


@given(
    files=st.lists(
        st.lists(st.sampled_from(["", "# comment", "; comment", "wrong", "wrong", "list"]), max_size=6),
        min_size=1,
        max_size=4,
    )
)
@settings(deadline=None, max_examples=25)
def test_each_of_any_mistakes_in_any_chain_of_files_is_told_with_its_line(files: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, bench_at(Path(folder).resolve()) as bench:
        expected = []
        for number, lines in enumerate(files):
            using = f"config:{number + 1}.ini" if number + 1 < len(files) else "egg:colonnade"
            text = ["[loggers]", "keys = root", "", "[app:main]", f"use = {using}"]
            if number == 0:
                text += [f"colonnade.secret = {SECRET}", "colonnade.environment = development"]
            for line in lines:
                if line == "wrong":
                    text.append(f"colonnade.wrong_{number}_{len(text)} : 100%%")
                    expected.append(f"{number}.ini:{len(text)}")
                elif line == "list":
                    text += [f"else.where_{number}_{len(text)} =", "    an item", "", "    # not one", "    another"]
                else:
                    text.append(line)
            bench.ini(f"{number}.ini", "\n".join(text) + "\n")
        if expected:
            assert sorted(each.partition(": ")[0] for each in bench.mistakes("0.ini")) == sorted(expected)
        else:
            bench.start("0.ini")


def test_what_the_nearest_file_says_wins_and_its_line_is_the_one_told(bench: Bench) -> None:
    bench.ini("base.ini", "[app:main]\nuse = egg:colonnade\ncolonnade.environment = nowhere\ncolonnade.secret = x\n")
    bench.ini(
        "leaf.ini", f"[app:main]\nuse = config:base.ini\n\ncolonnade.environment = moon\ncolonnade.secret={SECRET}"
    )
    assert bench.mistakes("leaf.ini") == [
        "leaf.ini:4: colonnade.environment is 'moon'; it should be 'development' or 'production'"
    ]


def test_where_two_files_say_the_same_the_nearest_is_told(bench: Bench) -> None:
    bench.ini("base.ini", "[app:main]\nuse = egg:colonnade\n\n\ncolonnade.environment = moon\n")
    bench.ini(
        "leaf.ini",
        f"[app:main]\nuse = config:base.ini\ncolonnade.secret = {SECRET}\ncolonnade.environment = moon\n",
    )
    assert [each.partition(": ")[0] for each in bench.mistakes("leaf.ini")] == ["leaf.ini:4"]


def test_where_two_sections_say_the_same_it_is_main(bench: Bench) -> None:
    lines = f"use = egg:colonnade\ncolonnade.secret = {SECRET}\ncolonnade.environment = moon\n"
    bench.ini("two.ini", f"[app:another]\n{lines}[app:main]\n{lines}")
    assert [each.partition(": ")[0] for each in bench.mistakes("two.ini")] == ["two.ini:8"]


def test_the_section_that_was_started_is_the_one_told(bench: Bench) -> None:
    bench.ini(
        "two.ini",
        f"""
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}

        [app:second]
        use = main
        colonnade.environment = moon
        """,
    )
    bench.start("two.ini")
    assert [each.partition(": ")[0] for each in bench.mistakes("two.ini", "second")] == ["two.ini:7"]


def test_an_application_inside_a_composite_has_its_lines_told(bench: Bench) -> None:
    bench.ini(
        "pipe.ini",
        f"""
        [pipeline:main]
        pipeline = site

        [app:site]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        colonnade.environment = moon
        """,
    )
    assert [each.partition(": ")[0] for each in bench.mistakes("pipe.ini")] == ["pipe.ini:7"]


def test_a_file_in_another_folder_is_followed_and_interpolated_in_its_own_place(bench: Bench) -> None:
    (bench.folder / "etc").mkdir()
    bench.ini(
        "etc/base.ini",
        """
        [DEFAULT]
        what = moon
        [app:main]
        use = egg:colonnade
        colonnade.environment = %(here)s/%(what)s
        """,
    )
    bench.ini("leaf.ini", f"[app:main]\nuse = config:%(here)s/etc/base.ini\ncolonnade.secret = {SECRET}\n")
    value = f"{bench.folder}/etc/moon"
    assert bench.mistakes("leaf.ini") == [
        f"etc/base.ini:5: colonnade.environment is '{value}'; it should be 'development' or 'production'"
    ]


def test_a_global_setting_counts_and_its_line_is_told(bench: Bench) -> None:
    bench.ini(
        "global.ini",
        f"""
        [DEFAULT]
        colonnade.secret = {SECRET}
        colonnade.environment = nowhere
        [app:main]
        use = egg:colonnade
        set colonnade.environment = moon
        """,
    )
    assert bench.mistakes("global.ini") == [
        "global.ini:6: colonnade.environment is 'moon'; it should be 'development' or 'production'"
    ]


def test_a_setting_that_takes_a_global_value_is_told_with_its_own_line(bench: Bench) -> None:
    bench.ini(
        "get.ini",
        f"""
        [DEFAULT]
        where = moon
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}
        get colonnade.environment = where
        """,
    )
    assert [each.partition(": ")[0] for each in bench.mistakes("get.ini")] == ["get.ini:6"]


def test_a_line_that_pastedeploy_skips_for_the_sake_of_default_is_told(bench: Bench) -> None:
    bench.ini(
        "hidden.ini",
        f"""
        [DEFAULT]
        colonnade.secret = {SECRET}
        [app:main]
        use = egg:colonnade
        colonnade.secret = {SECRET}-which-pastedeploy-never-hands-over
        """,
    )
    assert bench.mistakes("hidden.ini") == [
        (
            "hidden.ini:5: colonnade.secret stands in [DEFAULT] too (hidden.ini:2), and PasteDeploy lets that one win;"
            " write `set colonnade.secret = ...` here, or remove one of them"
        )
    ]


def test_what_is_missing_is_told_with_the_section_that_lacks_it_and_both_ways_to_set_it(bench: Bench) -> None:
    bench.ini("empty.ini", "# nothing\n\n[app:main]\nuse = egg:colonnade\n")
    assert bench.mistakes("empty.ini") == [
        (
            "empty.ini:3: colonnade.secret is missing (What cursors are signed with: at least 32 characters,"
            " the same in every process); set it here or as COLONNADE_SECRET"
        )
    ]


def test_a_program_is_told_of_its_own_settings_even_where_a_file_has_others(bench: Bench) -> None:
    ini = bench.ini("file.ini", f"[app:main]\nuse = egg:colonnade\ncolonnade.secret = {SECRET}\n")
    with pytest.raises(ConfigurationErrors) as caught:
        main({"__file__": str(ini)}, **{"colonnade.secret": "another", "colonnade.environment": "development"})
    assert [str(each).partition(": ")[0] for each in caught.value.mistakes] == ["settings"]


def test_without_a_file_the_settings_are_said_to_be_a_programs() -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        main({}, **{"colonnade.secret": SECRET, "colonnade.plugin": "rest"})
    assert str(caught.value.mistakes[0]) == "settings: colonnade.plugin is no setting; did you mean colonnade.plugins?"


def test_each_setting_in_force_is_described_with_where_it_came_from(bench: Bench) -> None:
    bench.monkeypatch.setenv("COLONNADE_SECRET", SECRET)
    bench.ini("base.ini", "[app:main]\nuse = egg:colonnade\ncolonnade.secret = short\n")
    bench.ini("leaf.ini", "[app:main]\nuse = config:base.ini\n\ncolonnade.environment = development\n")

    registry = bench.start("leaf.ini").registry

    told = {row.key: (row.value, row.origin) for row in describe_settings(registry) if row.key.startswith("colonnade.")}
    assert told == {
        "colonnade.plugins": ("", "default"),
        "colonnade.secret": ("**********", "COLONNADE_SECRET"),
        "colonnade.environment": ("development", "leaf.ini:4"),
    }
    assert settings_of(registry, CoreSettings).secret.get_secret_value() == SECRET
