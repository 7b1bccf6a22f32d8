"""Run every example of a document, in order: `python -m tests.harness.examples README.md [SOCKET]`.

A process for each document, so that the models and settings of one example reach no other test. CONTRIBUTING.md has the
conventions, in its section on documentation.
"""

import builtins
import configparser
import contextlib
import doctest
import json
import os
import re
import sys
import tempfile
import tomllib
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.harness import workspace
from tests.harness.http import exchanges_of, send
from tests.harness.markdown import Block, ExampleError, blocks_of, commands_of, resembles, served_as
from tests.harness.shell import Server, Shell, answers
from tests.harness.warm import put_command

REPOSITORY = Path(__file__).parent.parent.parent

#: Seconds. Long enough for the slowest machine: these catch what hangs, they measure nothing.
PATIENCE = 300

#: Commands that go on until they are told to end.
_SERVES = re.compile(r"^(\w+=\S* )*(make serve|(\S*/)?pserve\b.*)$")
_STATUS = re.compile(r"\n?^\[exit status (?P<number>\d+)\]$", flags=re.MULTILINE)


class Examples:
    """The examples of one document: what one of them does, the next one finds."""

    def __init__(self, document: Path, folder: Path) -> None:
        self.folder = folder
        self.port = workspace.free_port()
        self.environment = workspace.environment_of(folder)
        self.shell = Shell(folder, self.environment)
        self.servers: list[Server] = []
        # A module, for SQLAlchemy and pydantic look up names where a class says that it was made.
        self.module = types.ModuleType(f"examples_of_{document.stem}".lower())
        sys.modules[self.module.__name__] = self.module

    def run(self, block: Block) -> None:
        """Run one block. Raises ExampleError where it does not do what the document says."""
        if block.not_run:
            return
        if block.file:
            (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.file).write_text(workspace.moved(block.text, self.port), encoding="utf-8")
        elif block.language == "console":
            for line, command, expected in commands_of(block):
                self._command(f"{block.document}:{line}", command, expected)
        elif block.language == "sh":
            self._command(block.where, block.text, "")
        elif block.language == "http":
            self._exchange(block)
        elif block.language in READERS:
            try:
                READERS[block.language](block.text)
            except ValueError as error:
                raise ExampleError(f"{block.where}: this is no {block.language}: {error}") from error
        elif block.language == "python":
            self._python(block)
        elif block.language != "text":
            known = ", ".join(sorted({*READERS, "console", "http", "python", "sh"}))
            raise ExampleError(
                f"{block.where}: nothing can run {block.language or 'a block without a language'!r}; there is {known}, "
                "`text` for what is no example, and `<!-- not run: REASON -->`"
            )

    def serve_as(self, user: str) -> None:
        """Serve the demo data, and have a token of this user in $TOKEN."""
        self._command("served as", "make serve", "")
        self._command("served as", f"export TOKEN=$(.venv/bin/colonnade -c development.ini token add {user})", "")

    def close(self) -> None:
        """End what the examples started."""
        for each in (*self.servers, self.shell):
            each.close()

    def _command(self, where: str, command: str, expected: str) -> None:
        wanted = int(status["number"]) if (status := _STATUS.search(expected)) else 0
        expected = _STATUS.sub("", expected)
        command = workspace.moved(command, self.port)
        try:
            if _SERVES.match(command):
                self._serve(command, expected)
                return
            got, output = self.shell.run(command, PATIENCE)
        except (EOFError, TimeoutError) as error:
            raise ExampleError(f"{where}: `{command}`: {error}") from error
        output = workspace.moved_back(output, self.port).strip("\n")
        if got != wanted:
            raise ExampleError(f"{where}: `{command}` ended with {got}, not {wanted}, and said:\n{output}")
        if expected and not resembles(output, expected):
            raise ExampleError(f"{where}: `{command}` said:\n{output}\n\nThe document has:\n{expected}")

    def _serve(self, command: str, expected: str) -> None:
        if answers(self.port):
            raise EOFError("this document serves already")
        server = Server(command, self.folder, self.environment)
        self.servers.append(server)
        server.wait(lambda: answers(self.port), PATIENCE)
        if expected:
            server.wait(lambda: self._has_said(server, expected), PATIENCE)

    def _has_said(self, server: Server, expected: str) -> bool:
        output = workspace.moved_back(server.output, self.port).strip("\n")
        return resembles(output, f"…\n{expected}\n…")

    def _exchange(self, block: Block) -> None:
        _, token = self.shell.run('printf %s "${TOKEN:-}"', PATIENCE)
        for exchange in exchanges_of(block):
            try:
                send(exchange, self.port, token, refused="refused" in block.words)
            except ExampleError as error:
                request = f"{exchange.method} {exchange.target}"
                raise ExampleError(f"{block.document}:{exchange.line}: `{request}` {error}") from error

    def _python(self, block: Block) -> None:
        if block.text.lstrip().startswith(">>>"):
            self._dialogue(block)
            return
        # The empty lines give a traceback the document's own line numbers.
        code = compile("\n" * (block.line - 1) + block.text, str(block.document), "exec", dont_inherit=True)
        try:
            exec(code, self.module.__dict__)
        except Exception as error:
            raise ExampleError(f"{block.where}: this Python fails:\n{traceback.format_exc()}") from error

    def _dialogue(self, block: Block) -> None:
        parser = doctest.DocTestParser()
        test = parser.get_doctest(block.text, self.module.__dict__, block.where, str(block.document), block.line - 1)
        test.globs = self.module.__dict__  # the parser copied it
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        if runner.run(test, out=said.append, clear_globs=False).failed:
            raise ExampleError(f"{block.where}: this dialogue goes otherwise:\n{''.join(said)}")


def run_document(document: Path, warm: Path | None = None) -> None:
    """Run all examples of a document. Raises ExampleError for the first that does not do what the document says.

    :param warm: the socket of an interpreter that runs the verbs of ``colonnade``, see `tests.harness.warm`.
    """
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    blocks = list(blocks_of(document, text))
    with tempfile.TemporaryDirectory(prefix="colonnade_examples_") as name, _inside(folder := Path(name)):
        examples = Examples(document, folder)
        try:
            workspace.make_workspace(REPOSITORY, folder, examples.port)
            if warm:
                put_command(folder, warm)
            if user := served_as(text):
                examples.serve_as(user)
            for block in blocks:
                examples.run(block)
        finally:
            examples.close()


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    with contextlib.chdir(folder), warnings.catch_warnings():
        _treat_warnings_as_the_suite_does()
        yield


def _treat_warnings_as_the_suite_does() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    for line in pyproject["tool"]["pytest"]["ini_options"]["filterwarnings"]:
        action, message, category = (*line.split(":"), "", "")[:3]
        warnings.filterwarnings(action, message, getattr(builtins, category or "Warning"))


def _read_ini(text: str) -> None:
    try:
        configparser.ConfigParser(interpolation=None, strict=True).read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from error


#: Languages that are only read: that they are well-formed is all that can be said of them.
READERS: dict[str, Callable[[str], object]] = {"ini": _read_ini, "json": json.loads, "toml": tomllib.loads}


if __name__ == "__main__":
    try:
        run_document(Path(os.path.relpath(sys.argv[1], REPOSITORY)), *map(Path, sys.argv[2:]))
    except ExampleError as error:
        sys.exit(str(error))
