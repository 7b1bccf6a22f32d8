"""Every example in README and docs is executed, and every link within the repository leads somewhere."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.examples import Examples, resembles
from tests.harness.markdown import ExampleError, anchors_of, blocks_of, commands_of, links_of
from tests.harness.shell import answers
from tests.harness.workspace import link_environment, make_workspace

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = sorted(
    str(path.relative_to(REPOSITORY))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in REPOSITORY.glob(pattern)
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_do_what_the_document_says(document: str) -> None:
    command = [sys.executable, "-m", "tests.harness.examples", document]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.fail(run.stdout + run.stderr, pytrace=False)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_within_the_repository_lead_somewhere(document: str) -> None:
    path = REPOSITORY / document
    for target in links_of(path.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name) if name else path
        assert linked.exists(), f"{document} links to {target}"
        if anchor:
            assert anchor in anchors_of(linked.read_text(encoding="utf-8")), f"{document} links to {target}"


# -- The runner itself has to notice what is wrong


@pytest.fixture
def examples(tmp_path: Path) -> Iterator[Examples]:
    link_environment(tmp_path)
    made = Examples(Path("page.md"), tmp_path)
    yield made
    made.close()


def run(examples: Examples, text: str) -> None:
    for block in blocks_of(Path("page.md"), text):
        examples.run(block)


RIGHT = {
    "Python goes on in the next block": "```python\nx = 1\n```\nand\n```python\nassert x == 1\n```",
    "a dialogue sees what Python made": "```python\nx = [1, 2]\n```\n```python\n>>> x\n[1, 2]\n```",
    "the shell keeps its variables": "```console\n$ A=7\n$ echo $A\n7\n```\n```console\n$ echo $A$A\n77\n```",
    "a command goes on after a backslash": "```console\n$ echo one \\\n    two\none two\n```",
    "a command goes on after >": "```console\n$ for i in 1 2; do\n>     echo $i\n> done\n1\n2\n```",
    "dots stand for anything": "```console\n$ printf 'a1b\\nc\\nd\\ne\\n'\na…b\n…\ne\n```",
    "an exit status may be wanted": "```console\n$ echo no; false\nno\n[exit status 1]\n```",
    "a file is there afterwards": "<!-- file: a/b.txt -->\n```text\nhi\n```\n```console\n$ cat a/b.txt\nhi\n```",
    "a reason not to run": "<!-- not run: it would never end -->\n```console\n$ false\n```",
    "a fence within a longer one": "````text\n```\n````\n```python\nassert True\n```",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_example_passes(examples: Examples, text: str) -> None:
    run(examples, text)


WRONG = {
    "Python that raises": ("text\n```python\n\nraise KeyError(7)\n```", "page.md:3: .*line 4.*KeyError: 7"),
    "a dialogue with another answer": ("```python\n>>> 1 + 1\n3\n```", "page.md:2: .*Expected:\n +3\nGot:\n +2"),
    "a command that fails": ("```console\n$ echo so; false\n```", "page.md:2: `echo so; false` ended with 1.*so"),
    "a pipe that fails early": ("```console\n$ false | cat\n```", "ended with 1"),
    "a command that succeeds": ("```console\n$ true\n[exit status 2]\n```", "ended with 0, not 2"),
    "another output": ("```console\n$ echo a\n$ echo b\nc\n```", "page.md:3: `echo b` said:\nb\n.*document has:\nc"),
    "more output": ("```console\n$ printf 'a\\nb\\n'\na\n```", "said:\na\nb"),
    "a command that is no shell": ("```console\n$ if\n```", "ended with"),
    "a command that ends the shell": ("```console\n$ exit 0\n```", "the shell has ended"),
    "a server that does not serve": ("```console\n$ pserve nowhere.ini\n```", "the server has ended"),
    "broken JSON": ('```json\n{"a": 1,}\n```', "this is no json"),
    "broken INI": ("```ini\na = 1\n```", "this is no ini"),
    "a language that nothing runs": ("```ruby\nputs 1\n```", "nothing can run 'ruby'"),
    "no language": ("```\n1\n```", "without a language"),
    "no reason": ("<!-- not run -->\n```console\n$ false\n```", "REASON"),
    "an unknown word": ("<!-- skip: yes -->\n```console\n$ false\n```", "not 'skip'"),
    "no end": ("```python\nx = 1\n", "page.md:1: this block has no end"),
    "output without a command": ("```console\nhello\n```", "begins with a command"),
}


@pytest.mark.parametrize("text, complaint", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_example_is_noticed(examples: Examples, text: str, complaint: str) -> None:
    with pytest.raises(ExampleError, match=f"(?s){complaint}"):
        run(examples, text)


SERVED = """
<!-- file: hello.py -->
```python
def make(global_config):
    def hello(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Hello from ", environ["HTTP_HOST"].encode()]
    return hello
```
<!-- file: hello.ini -->
```ini
[app:main]
use = call:hello:make
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:6543
```
```console
$ PYTHONPATH=. .venv/bin/pserve hello.ini
Starting server in PID …
$ curl --silent http://127.0.0.1:6543/
Hello from 127.0.0.1:6543
```
"""


def test_a_server_answers_the_commands_after_it_and_ends_with_the_document(examples: Examples) -> None:
    run(examples, SERVED)
    assert answers(examples.port)
    examples.close()
    assert not answers(examples.port)


def test_a_server_that_says_something_else_is_noticed(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.harness.examples.PATIENCE", 3)
    with pytest.raises(ExampleError, match=r"not ready after 3 seconds:"):
        run(examples, SERVED.replace("Starting server", "Stopping server"))


def test_commands_run_in_what_a_clone_would_hold(tmp_path: Path) -> None:
    make_workspace(REPOSITORY, tmp_path, port=7)
    assert (tmp_path / "Makefile").read_text() == (REPOSITORY / "Makefile").read_text()
    assert (tmp_path / ".venv/bin/python").exists()
    assert not (tmp_path / ".git").exists()
    run = subprocess.run(["make", "install"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Nothing to be done" in run.stdout, "the environment would be installed into"


def test_a_comment_belongs_to_the_block_right_below_it_only() -> None:
    text = (
        "<!-- not run: no -->\nA sentence.\n```text\na\n```\n<!-- not run: yes -->\n\n```text\nb\n```\n```text\nc\n```"
    )
    assert [(block.text, block.not_run) for block in blocks_of(Path("page.md"), text)] == [
        ("a\n", ""),
        ("b\n", "yes"),
        ("c\n", ""),
    ]


def test_a_command_is_told_from_its_output() -> None:
    (block,) = blocks_of(Path("page.md"), "```console\n$ one\n$ two\nsaid\n\nmore\n```")
    assert list(commands_of(block)) == [(2, "one", ""), (3, "two", "said\n\nmore")]


def test_links_in_examples_are_no_links() -> None:
    assert list(links_of("[a](b.md)\n```text\n[c](d.md)\n```\n[e](https://f#g)")) == ["b.md", "https://f#g"]


@pytest.mark.parametrize("output", ["a\nz", "a\nb\nz", "a\nb\nc\nz"])
def test_dots_on_a_line_of_their_own_stand_for_any_number_of_lines(output: str) -> None:
    assert resembles(output, "a\n…\nz")
    assert not resembles(f"{output}\nafter", "a\n...\nz")
