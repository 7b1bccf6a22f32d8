"""PostgreSQL servers of the suite's own: one for its databases, and others for tests that stop, kill and start them."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .processes import is_running
from .workspace import free_port

#: The folder of every server is called so, with the process that made it.
PREFIX = "colonnade-cluster-"


@dataclass(frozen=True)
class Cluster:
    """One server: its programs, its folder, its port, and how many may connect."""

    programs: Path
    folder: Path
    port: int
    connections: int

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # No test pulls the plug of the machine, so nothing waits for a disk. And where each statement is another one,
        # to compile it to machine code takes longer than to run it.
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c jit=off"
        options += f" -c max_connections={self.connections}"
        self._run("pg_ctl", "-D", self.folder / "data", "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash: nobody is told, and it recovers at the next start."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def is_running(self) -> bool:
        """Whether there is a server."""
        return (self.folder / "data" / "postmaster.pid").exists()

    def make(self) -> None:
        """Make its files."""
        made = ("-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8")
        self._run("initdb", *made, "--no-sync")

    def _run(self, program: str, *arguments: object) -> None:
        # PostgreSQL does not run as root, and pg_ctl's server would hold a pipe open: its own log is in a file.
        subprocess.run(
            [self.programs / program, *map(str, arguments)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user="postgres" if os.geteuid() == 0 else None,
            cwd=self.folder,
        )


@contextmanager
def private_cluster(connections: int = 20) -> Iterator[Cluster]:
    """A running server, stopped and removed afterwards."""
    # Not pytest's own temporary folder, into which only its owner may look.
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    cluster = Cluster(programs(), folder, free_port(), connections)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        if cluster.is_running():
            cluster.stop("immediate")
        shutil.rmtree(folder)


def remove_abandoned() -> None:
    """Stop and remove the servers that a run on this machine left behind when it was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        process = re.fullmatch(rf"{PREFIX}(\d+)-.*", folder.name)
        if process is None or is_running(int(process[1])) or not os.access(folder, os.W_OK):
            continue
        cluster = Cluster(programs(), folder, 0, 0)
        if cluster.is_running():
            with contextlib.suppress(subprocess.CalledProcessError):  # its file is there, and it is not
                cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)  # another run may be at it


def programs() -> Path:
    """Where initdb and pg_ctl are; distributions keep them out of the way.

    :raises FileNotFoundError: where they are not, or where nobody may run them.
    """
    found = shutil.which("initdb") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), default="")
    if not found:
        raise FileNotFoundError("no initdb here: these tests start PostgreSQL servers of their own")
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        raise FileNotFoundError("no user postgres here: as root, PostgreSQL does not run")
    return Path(found).resolve().parent


def lack_of_programs() -> str:
    """Why no server can be made here, in one line; "" when one can."""
    try:
        programs()
    except FileNotFoundError as error:
        return str(error)
    return ""
