"""The runner of documented examples runs what is right, and notices what is wrong."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness.examples import Examples
from tests.harness.markdown import ExampleError, blocks_of, commands_of, links_of, resembles, served_as
from tests.harness.shell import answers
from tests.harness.warm import put_command, warm_interpreter
from tests.harness.workspace import environment_of, link_environment, make_workspace

REPOSITORY = Path(__file__).parent.parent


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
    "an answer that is not there": ("```http\nGET /\n```", "page.md:2: `GET /` no answer.*served as"),
    "no request": ("```http\nHello\n```", "page.md:2: an http block begins with a request"),
    "a header that is none": ("```http\nGET /\nHello\n```", "a header is `Name: value`"),
    "output without a command": ("```console\nhello\n```", "begins with a command"),
}


@pytest.mark.parametrize("text, complaint", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_example_is_noticed(examples: Examples, text: str, complaint: str) -> None:
    with pytest.raises(ExampleError, match=f"(?s){complaint}"):
        run(examples, text)


SERVER = """
<!-- file: hello.py -->
```python
def make(global_config):
    def hello(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        said = "Hello from {HTTP_HOST} to {HTTP_AUTHORIZATION}"
        return [said.format_map({"HTTP_AUTHORIZATION": "you", **environ}).encode()]
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
```
"""

SERVED = {
    "curl": "```console\n$ curl --silent http://127.0.0.1:6543/\nHello from 127.0.0.1:6543 to you\n```",
    "a script": '```sh\nset -e\ncurl --silent \\\n  http://127.0.0.1:6543/ |\n  grep --quiet "Hello"\n```',
    "a request": "```http\nGET /\n```",
    "requests": '```http\nGET /a\nGET /?name=Ä "quoted" HTTP/1.1\n```',
    "a request with an answer": "```http\nGET /\n\nHTTP/1.1 200 OK\nContent-Type: text/…\n\nHello from … to you\n```",
    "a token": "```sh\nTOKEN=t\n```\n```http\nGET /\nHTTP/1.1 200 OK\n\n… to Bearer t\n```\n```sh\nTOKEN=\n```",
    "a header": "```http\nGET /\nAuthorization: Basic x\n\nHTTP/1.1 200 OK\n\nHello from … to Basic x\n```",
}

SERVED_OTHERWISE = {
    "another status": ("GET /\nHTTP/1.1 404 Not Found", "was answered with 200, not 404"),
    "another header": ("GET /\nHTTP/1.1 200 OK\nContent-Type: a/b", "answered with Content-Type: text/plain, not a/b"),
    "another body": ("GET /\nHTTP/1.1 200 OK\n\nGood bye", "was answered:\nHello from .*The document has:\nGood bye"),
    "no refusal": ("GET /\n```\n```http refused\nGET /b", "was answered with 200, not 4xx"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    link_environment(folder := tmp_path_factory.mktemp("served"))
    made = Examples(Path("page.md"), folder)
    run(made, SERVER)
    yield made
    made.close()


@pytest.mark.parametrize("text", SERVED.values(), ids=SERVED.keys())
def test_a_server_answers_what_comes_after_it(served: Examples, text: str) -> None:
    run(served, text)


@pytest.mark.parametrize("text, complaint", SERVED_OTHERWISE.values(), ids=SERVED_OTHERWISE.keys())
def test_an_answer_that_is_not_as_shown_is_noticed(served: Examples, text: str, complaint: str) -> None:
    with pytest.raises(ExampleError, match=f"(?s)`GET /b?` .*{complaint}"):
        run(served, f"```http\n{text}\n```")


def test_a_server_ends_with_its_document(examples: Examples) -> None:
    run(examples, SERVER)
    assert answers(examples.port)
    examples.close()
    assert not answers(examples.port)


def test_a_server_that_says_something_else_is_noticed(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.harness.examples.PATIENCE", 3)
    with pytest.raises(ExampleError, match=r"not ready after 3 seconds:"):
        run(examples, SERVER.replace("Starting server", "Stopping server"))


INI = """
[app:main]
use = egg:colonnade
colonnade.environment = development
colonnade.secret = for-tests-only-and-long-enough-for-signing
colonnade.plugins =
    accounts
    rest
    transfer
    people
sqlalchemy.url = sqlite:///%(here)s/app.sqlite
"""

#: With the exit status of each.
COMMANDS = {
    r"colonnade migrate; printf 'code,name\nd1,Käse\n' | colonnade import departments -": 0,
    "mkdir -p deeper && cd deeper && colonnade -c ../app.ini export departments - | cat": 0,
    "colonnade nothing": 2,
    "PYTHONUTF8=1 colonnade --version": 0,
}


def test_a_command_does_the_same_in_a_warm_interpreter(tmp_path: Path) -> None:
    said: dict[str, list[tuple[int, str, str]]] = {}
    for kind in ("cold", "warm"):
        link_environment(folder := tmp_path / kind)
        (folder / "app.ini").write_text(INI)
        environment = {**environment_of(folder), "COLONNADE_INI": "app.ini"}
        with ExitStack() as stack:
            if kind == "warm":
                put_command(folder, stack.enter_context(warm_interpreter(folder, environment)))
            shell = ["bash", "-o", "pipefail", "-c"]
            runs = [
                subprocess.run([*shell, each], cwd=folder, env=environment, capture_output=True, text=True, check=False)
                for each in COMMANDS
            ]
        said[kind] = [(run.returncode, run.stdout, run.stderr.replace(str(folder), "")) for run in runs]
    assert said["warm"] == said["cold"]
    assert [status for status, _, _ in said["warm"]] == list(COMMANDS.values())
    assert "Käse" in said["warm"][1][1]


def test_a_document_may_be_served_as_somebody() -> None:
    text = "# Page\n<!-- served as: admin -->\n```text\na\n```\n"
    assert served_as(text) == "admin"
    assert [block.text for block in blocks_of(Path("page.md"), text)] == ["a\n"]


def test_commands_run_in_what_a_clone_would_hold(tmp_path: Path) -> None:
    make_workspace(REPOSITORY, tmp_path, port=7)
    assert (tmp_path / "Makefile").read_text() == (REPOSITORY / "Makefile").read_text()
    assert (tmp_path / ".venv/bin/python").exists()
    assert not (tmp_path / ".git").exists()
    # Not what an outer `make test VENV=…` was told.
    told = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "VENV", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if name not in told}
    run = subprocess.run(
        ["make", "install"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
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
