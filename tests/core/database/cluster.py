"""A PostgreSQL server of a test's own, which it may stop, kill and start again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cluster:
    """One server: its programs, its folder, its port."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20"
        self._run("pg_ctl", "-D", self.folder / "data", "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash: nobody is told, and it recovers at the next start."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def is_running(self) -> bool:
        """Whether there is a server."""
        return (self.folder / "data" / "postmaster.pid").exists()

    def make(self) -> None:
        """Make its files."""
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

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
def private_cluster() -> Iterator[Cluster]:
    """A running server, stopped and removed afterwards."""
    # Not pytest's own temporary folder, into which only its owner may look.
    folder = Path(tempfile.mkdtemp(prefix="colonnade-cluster-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    cluster = Cluster(programs(), folder, free_port())
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        if cluster.is_running():
            cluster.stop("immediate")
        shutil.rmtree(folder)


def programs() -> Path:
    """Where initdb and pg_ctl are; distributions keep them out of the way."""
    found = shutil.which("initdb") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), default="")
    if not found:
        raise FileNotFoundError("no initdb here: these tests start PostgreSQL servers of their own")
    return Path(found).resolve().parent


def lack_of_programs() -> str:
    """Why no server can be made here, in one line; "" when one can."""
    try:
        programs()
    except FileNotFoundError as error:
        return str(error)
    return ""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
