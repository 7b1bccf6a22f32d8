"""The `colonnade` command without its imports: an interpreter that has done them forks for each command.

To import what a verb needs takes most of its time, and documents run many. `warm_interpreter` starts the interpreter,
`put_command` puts in the place of `.venv/bin/colonnade` a client that hands over its arguments, folder, variables and
open files, and ends as the command ended. The command runs in a process of its own, from `main()` to the end of Python.
Where a variable would tell Python itself something (PYTHONPATH), the client starts the real command.

Run as a script this file is that interpreter: `python warm.py SOCKET`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: What a verb imports: the core, the command, and the plug-ins of development.ini. Another plug-in comes with its
#: command, so that classes of a plug-in that is off are not there.
PACKAGES = (
    "colonnade.core",
    "colonnade.cli",
    *(f"colonnade.plugins.{name}" for name in ("health", "accounts", "rest", "openapi", "transfer", "people")),
)
MODULES = (
    "paste.deploy",
    "plaster_pastedeploy",
    "psycopg",
    "pyramid.config",
    "pyramid.router",
    "pyramid.scripts.common",
    "pyramid_jinja2",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.orm",
)

#: Without `site` and what stands in the environment: it imports nothing of what is installed.
CLIENT = """#!{python} -SE
import json, os, socket, sys
if any(name.startswith("PYTHON") for name in os.environ):
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as link:
    link.connect({socket!r})
    socket.send_fds(link, [b"."], [0, 1, 2])
    asked = {{"argv": [{real!r}, *sys.argv[1:]], "folder": os.getcwd(), "environment": dict(os.environ)}}
    link.sendall(json.dumps(asked).encode())
    link.shutdown(socket.SHUT_WR)
    status = int(link.recv(16) or 70)
if status < 0:
    os.kill(os.getpid(), -status)
os._exit(status)
"""


@contextmanager
def warm_interpreter(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """An interpreter that waits for commands as long as the block lasts; gives the socket that clients connect to."""
    path = folder / "warm.socket"
    command = [sys.executable, "-P", __file__, str(path)]
    with subprocess.Popen(command, env={**environment}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise ChildProcessError("the warm interpreter has ended before it was ready")
            yield path
        finally:
            process.terminate()


def put_command(folder: Path, path: Path) -> None:
    """Put the client of the interpreter at this socket in the place of a workspace's command."""
    programs = folder / ".venv" / "bin"
    real = str(Path(sys.prefix) / "bin" / "colonnade")
    programs.unlink()  # it leads to the environment that is running
    programs.mkdir()
    for program in (Path(sys.prefix) / "bin").iterdir():
        if program.name != "colonnade":
            (programs / program.name).symlink_to(program)
    command = programs / "colonnade"
    command.write_text(CLIENT.format(python=sys.executable, real=real, socket=str(path)), encoding="utf-8")
    command.chmod(0o755)


def _import_all() -> None:
    for name in MODULES:
        importlib.import_module(name)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _wait_for_commands(path: str) -> None:
    """Return in the process of a command, once for each."""
    signal.signal(signal.SIGCHLD, _let_go)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            link, _ = listener.accept()
            if os.fork() == 0:
                break
            link.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with link:
        _attend(link)


def _let_go(*_: object) -> None:
    """Take notice of commands that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(link: socket.socket) -> None:
    """Become what was asked for, in a further process; in this one wait for its end, and tell it."""
    _, files, *_ = socket.recv_fds(link, 1, 3)
    asked = json.loads(b"".join(iter(lambda: link.recv(65_536), b"")))
    if process := os.fork():
        for each in (0, 1, 2, *files):
            os.close(each)
        _, status = os.waitpid(process, 0)
        link.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[:] = asked["argv"]
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    # As Python has them in the locale C.UTF-8.
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    from colonnade.cli.warnings import silence_imports

    silence_imports()
    _import_all()
    _wait_for_commands(sys.argv[1])
    from colonnade.cli import main

    sys.exit(main())
