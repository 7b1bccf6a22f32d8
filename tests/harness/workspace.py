"""The folder in which documented commands run: like a fresh clone in which `make install` has been run."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
from pathlib import Path

#: Where development.ini serves. In a workspace it stands for a port that is free.
DOCUMENTED_PORT = "6543"

#: Variables that would tell a command something which the document does not.
_HIDDEN = ("COLONNADE_", "MAKE", "MFLAGS", "PYTEST_", "PYTHON", "VIRTUAL_ENV")


def make_workspace(repository: Path, folder: Path, port: int) -> None:
    """Copy what is (or may be) committed, with the environment that is running as `.venv`, and the INI files moved to
    `port`."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=repository, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (repository / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, folder / name)
    for ini in folder.glob("*.ini"):
        ini.write_text(moved(ini.read_text(encoding="utf-8"), port), encoding="utf-8")
    link_environment(folder)


def link_environment(folder: Path) -> None:
    """Give a folder the environment that is running, as if `make install` had made it there."""
    (folder / ".venv").mkdir(parents=True)
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    # Newer than everything that it depends on: make has nothing to install.
    stamp = folder / ".venv" / ".installed"
    stamp.unlink(missing_ok=True)
    stamp.touch()


def environment_of(folder: Path) -> dict[str, str]:
    """The variables of a reader's terminal, in English and without colours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_HIDDEN)}
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return inherited | {"PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "120", "TERM": "dumb"}


def moved(text: str, port: int) -> str:
    """What a document says of its port, said of ours."""
    return text.replace(f":{DOCUMENTED_PORT}", f":{port}")


def moved_back(text: str, port: int) -> str:
    """What a command said of our port, said of the document's."""
    return text.replace(f":{port}", f":{DOCUMENTED_PORT}")


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens; none of those that connections are given for their own end, as one
    may be before the server is there."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
