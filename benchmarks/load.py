"""The load: wrk, and what it tells. `load.lua` makes requests that differ, and prints the figures as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.systems import Cores

SCRIPT = Path(__file__).with_name("load.lua")


class LoadError(Exception):
    """Nothing was measured, or not what was meant."""


@dataclass(frozen=True)
class Told:
    """What wrk saw.

    p50, p99: milliseconds.
    refused: answers of 400 and above. failed: requests without an answer.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    failed: int

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.refused) / self.seconds


def check_tools() -> None:
    """Say what is missing before anything is made.

    :raises SystemExit: if something is.
    """
    packages = {"wrk": "wrk", "taskset": "util-linux", "chrt": "util-linux"}
    if missing := [
        f"{tool} (apt-get install {package})" for tool, package in packages.items() if not shutil.which(tool)
    ]:
        raise SystemExit(f"The benchmarks need {' and '.join(missing)}.")


def ask(
    address: str,
    cores: Cores,
    connections: int,
    seconds: int,
    *,
    method: str = "GET",
    body: str = "",
    headers: Mapping[str, str] | None = None,
    start: int = 0,
) -> Told:
    """Send requests for some seconds, as many at a time as there are connections, the next as soon as one is answered.

    :param address: with {n} or {row} where each request has a value of its own; so may `body`.
    :param start: the first {n} is the one after it.
    """
    command = ["taskset", "--cpu-list", ",".join(map(str, sorted(cores.load)))]
    command += ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    command += [address.replace("{", "%7B").replace("}", "%7D"), "--", method, body, str(start)]
    return parse(subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout)


def parse(output: str) -> Told:
    """Read the line that the script prints.

    :raises LoadError: if it is not there.
    """
    for line in output.splitlines():
        if line.startswith("RESULT "):
            return Told(**json.loads(line.removeprefix("RESULT ")))
    raise LoadError(f"wrk told nothing:\n{output}")
