"""What a run was made on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from sqlite3 import sqlite_version

import psycopg

from benchmarks.data import SERVER, plain
from benchmarks.rounds import can_pin
from benchmarks.systems import Cores

PACKAGES = (
    "colonnade pyramid cornice SQLAlchemy psycopg granian waitress Django djangorestframework django-ninja gunicorn"
    " fastapi pydantic uvicorn uvloop httptools asyncpg litestar advanced-alchemy msgspec Flask zope.sqlalchemy kinto"
).split()


def versions() -> dict[str, str]:
    """Of all that was measured, and of what measured it."""
    told = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split()
    with psycopg.connect(plain(SERVER)) as connection:
        server = connection.info.parameter_status("server_version") or ""
    return {
        "Python": platform.python_version(),
        "PostgreSQL": server,
        "SQLite": sqlite_version,
        "wrk": told[1] if len(told) > 1 else "",
        **{name: version(name) for name in PACKAGES},
    }


def machine(cores: Cores) -> dict[str, str]:
    """The hardware, and who ran where."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    with psycopg.connect(plain(SERVER)) as connection:
        said = connection.execute(
            "SELECT string_agg(name || ' = ' || setting, ', ' ORDER BY name) FROM pg_settings"
            " WHERE name IN ('shared_buffers', 'synchronous_commit', 'fsync', 'max_connections')"
        ).fetchone()
    pinned = can_pin(cores)
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "server on core": str(cores.server),
        "load generator and PostgreSQL on": ", ".join(map(str, sorted(cores.load)))
        + ("" if pinned else " (PostgreSQL's processes could not be kept there)"),
        "PostgreSQL's settings": said[0] if said else "",
        "load average before the run": f"{os.getloadavg()[0]:.2f}",
    }
