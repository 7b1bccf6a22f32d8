"""What is measured, and how each is started: one process, on a core of its own."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.works import BARE, HELLO, KINTO, OURS, THEIRS, THEIRS_WITH_ETAGS, Paths

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
#: Of every server that has threads: as docs/serving.md and gunicorn's documentation say for one core ("generally in the
#: 2-4 x $(NUM_CORES) range", docs.gunicorn.org/en/stable/settings.html#threads). `benchmarks.serving` measures others.
THREADS = 4
PATIENCE = 60.0
#: Under which Linux lets no thread that wakes up interrupt the one that runs.
BATCH = ("chrt", "--batch", "0")


@dataclass(frozen=True)
class Server:
    """What an application is served by.

    command: starts it; {port}, {threads} and {app} are filled in.
    batch: whether it runs under SCHED_BATCH, as docs/serving.md says of granian: each does that is faster so on the
        whole (`benchmarks.serving` measures it).
    """

    command: str
    batch: bool


_GRANIAN = Server(
    "granian --interface wsgi --host 127.0.0.1 --port {port} --workers 1 --blocking-threads {threads} --no-ws"
    " --log-level warning {app}",
    batch=True,
)
_GUNICORN = Server(
    "gunicorn --bind 127.0.0.1:{port} --workers 1 --worker-class gthread --threads {threads} --keep-alive 75"
    " --log-level warning {app}",
    batch=True,
)
_UVICORN = Server(
    "uvicorn --host 127.0.0.1 --port {port} --workers 1 --loop uvloop --http httptools --no-access-log"
    " --log-level warning {app}",
    batch=False,
)
_WAITRESS = Server("waitress-serve --listen=127.0.0.1:{port} --threads={threads} {app}", batch=False)


@dataclass(frozen=True)
class System:
    """One that answers.

    name: in results.json.
    ours: whether it gets the product's database, where peers have one of their own (SQLite).
    compared: whether its answers are held to the product's.
    dialects: of the databases that it knows.
    threads: of the server, if it has any, and connections of each pool of the product.
    """

    name: str
    title: str
    server: Server
    app: str
    paths: Paths = field(repr=False)
    ours: bool = False
    compared: bool = True
    dialects: tuple[str, ...] = ("postgresql", "sqlite")
    environment: Mapping[str, str] = field(default_factory=dict)
    threads: int = THREADS


_SERVED = {"COLONNADE_INI": str(ROOT / "benchmarks/served.ini")}
PRODUCT = System(
    "colonnade", "Colonnade, granian", _GRANIAN, "--factory colonnade.wsgi:application", OURS,
    ours=True, environment=_SERVED,
)  # fmt: skip
ON_WAITRESS = System(
    "colonnade-waitress", "Colonnade, waitress", _WAITRESS, "--call colonnade.wsgi:application", OURS,
    ours=True, environment=_SERVED,
)  # fmt: skip
FLOOR = System(
    "floor", "floor, granian", _GRANIAN, "benchmarks.floor:app", BARE,
    ours=True, compared=False, dialects=("postgresql",),
)  # fmt: skip
FLOOR_ON_WAITRESS = System(
    "floor-waitress", "floor, waitress", _WAITRESS, FLOOR.app, BARE,
    ours=True, compared=False, dialects=("postgresql",),
)  # fmt: skip
ALONE = System(
    "pyramid-alone", "Pyramid alone, granian", _GRANIAN, "benchmarks.alone:app", HELLO,
    ours=True, dialects=("postgresql",),
)  # fmt: skip


def _peer(name: str, title: str, server: Server, paths: Paths = THEIRS) -> System:
    return System(name, title, server, f"benchmarks.peers.{name}_peer:app", paths)


def _django(name: str, title: str) -> System:
    named = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.django_settings",
        "BENCHMARK_URLCONF": f"benchmarks.peers.{name}_peer",
    }
    return System(name, title, _GUNICORN, "benchmarks.peers.django_wsgi:app", THEIRS_WITH_ETAGS, environment=named)


PEERS = (
    _peer("fastapi", "FastAPI + SQLAlchemy, asyncpg, uvicorn", _UVICORN),
    _peer("litestar", "Litestar + SQLAlchemy, asyncpg, uvicorn", _UVICORN),
    _django("drf", "Django + DRF, gunicorn"),
    _django("ninja", "django-ninja, gunicorn"),
    _peer("flask", "Flask + SQLAlchemy, gunicorn", _GUNICORN, THEIRS_WITH_ETAGS),
    _peer("pyramid", "Pyramid + Cornice + SQLAlchemy, waitress", _WAITRESS, THEIRS_WITH_ETAGS),
    System(
        "kinto", "Kinto, waitress (indicative)", _WAITRESS, "benchmarks.peers.kinto_peer:app", KINTO,
        compared=False, dialects=("postgresql",),
    ),
)  # fmt: skip
SYSTEMS = (PRODUCT, ON_WAITRESS, FLOOR, FLOOR_ON_WAITRESS, ALONE, *PEERS)


@dataclass(frozen=True)
class Cores:
    """One core for the server, the others for the load and the database."""

    server: int
    load: frozenset[int]

    @classmethod
    def found(cls) -> Cores:
        """Those that this process may use.

        :raises SystemExit: if it may use one only.
        """
        first, *others = sorted(os.sched_getaffinity(0))
        if not others:
            raise SystemExit("A benchmark needs two cores: one for the server, one for the load and the database.")
        return cls(first, frozenset(others))


@dataclass(frozen=True)
class Running:
    """A server that answers.

    pid: of the process that was started; see `family`.
    """

    pid: int
    port: int

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(system: System, url: str, cores: Cores, folder: Path, **more: str) -> Iterator[Running]:
    """Start a system on its database; it is ended with the block.

    :raises RuntimeError: if it does not answer; what it said is in the message.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = shlex.split(system.server.command.format(port=port, threads=system.threads, app=system.app))
    command[0] = str(BIN / command[0])
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "BENCHMARK_URL": url,
        "COLONNADE_SQLALCHEMY__URL": url,
        "COLONNADE_SQLALCHEMY__POOL_SIZE": str(system.threads),
        **system.environment,
        **more,
    }
    said = folder / f"{system.name}.log"
    with said.open("wb") as log:
        placed = ["taskset", "--cpu-list", str(cores.server), *(BATCH if system.server.batch else ()), *command]
        process = subprocess.Popen(placed, stdout=log, stderr=log, env=environment)
    server = Running(process.pid, port)
    try:
        _wait(process, server, system, said)
        yield server
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], server: Running, system: System, said: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(server.address + system.paths["hello"], timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise RuntimeError(f"{system.title} does not answer. It said:\n{said.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and its children, politely first."""
    children = family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()


def family(pid: int) -> list[int]:
    """A process and all that it has started; a server may have a parent that only watches."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used: user and system time (proc(5), stat, fields 14 and 15)."""
    used = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """Of the largest of the process and its children: the one that serves."""
    sizes = [int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in family(pid)]
    return max(sizes) * os.sysconf("SC_PAGE_SIZE") / 1e6
