"""The way of docs/serving.md to serve with several processes: granian, behind a proxy."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from colonnade.wsgi import behind_proxy
from tests.functional.company import PLUGINS, Company, company
from tests.resilience.serving import PATIENCE, Client

DOCUMENT = Path(__file__).parents[2] / "docs" / "serving.md"

INI = """
[app:main]
use = egg:colonnade
colonnade.environment = development
colonnade.secret = for-tests-only-and-long-enough-for-signing
colonnade.plugins = {plugins}
sqlalchemy.url = {url}
accounts.last_used_every = 0
"""


@contextmanager
def granian(company: Company, url: str, folder: Path, target: str = "behind_proxy") -> Iterator[tuple[int, int]]:
    """Two processes of granian that serve the company, as the documentation says; the parent's id, and the port."""
    ini = folder / "served.ini"
    ini.write_text(INI.format(plugins="\n    ".join(["", *PLUGINS]), url=url.replace("%", "%%")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ((scheduling, documented),) = re.findall(
        r"^\$ COLONNADE_INI=production.ini (.+?) granian (.+?[^\\])$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
    )
    documented = documented.replace("\\\n", " ").replace("behind_proxy", target).replace("6543", str(port))
    here = ("--workers", "2", "--respawn-interval", "0.1", "--workers-kill-timeout", "5", "--log-level", "warning")
    scheduled = shlex.split(scheduling) if sys.platform == "linux" else []
    command = [*scheduled, str(Path(sys.executable).with_name("granian")), *shlex.split(documented), *here]
    environment = {**os.environ, "COLONNADE_INI": str(ini), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, env=environment)
    try:
        client = Client(port)
        until(lambda: answers(client) and len(children(process.pid)) >= 2)
        yield process.pid, port
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        assert not answers(client)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def answers(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except OSError:
        return False


def until(holds: Callable[[], object]) -> None:
    """Wait for something to become so."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    """The processes that serve: those of a parent that have our application in memory."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(each) for each in listed if b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    with company(module_database_url) as made:
        yield made


def test_several_processes_serve_and_the_proxy_says_what_callers_see(
    firm: Company, module_database_url: str, tmp_path: Path
) -> None:
    with granian(firm, module_database_url, tmp_path) as (parent, port):
        hr = Client(port, firm.tokens["hr"])
        forwarded = {"Host": "api.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        listed = Client(port, firm.tokens["hr"], forwarded).get("/api/v1/employees?limit=2").json
        assert listed["next"].startswith("https://api.example.com/api/v1/employees?")
        made = hr.post("/api/v1/departments", {"code": "TAX", "name": "Taxes"})
        assert made.status == 201
        assert made.headers["Location"].startswith(f"http://127.0.0.1:{port}/")

        if sys.platform == "linux":
            assert {os.sched_getscheduler(each) for each in children(parent)} == {os.SCHED_BATCH}

        (victim, *_) = children(parent)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len([each for each in children(parent) if each != victim]) >= 2)
        until(lambda: all(answers(hr) for _ in range(20)))
        assert hr.get("/api/v1/departments?code=TAX").json["data"]


def test_without_a_proxy_its_headers_are_not_believed(firm: Company, module_database_url: str, tmp_path: Path) -> None:
    with granian(firm, module_database_url, tmp_path, "application") as (_, port):
        forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        listed = Client(port, firm.tokens["hr"], forged).get("/api/v1/employees?limit=2").json
        assert listed["next"].startswith(f"http://127.0.0.1:{port}/")


def test_a_wrong_ini_file_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    ini = tmp_path / "wrong.ini"
    ini.write_text(INI.format(plugins="\n    rset", url="sqlite:///x.db"))
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "from colonnade.wsgi import application; application()"],
        env={**os.environ, "COLONNADE_INI": str(ini)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert f"{ini}:" in told.stderr
    assert "rset" in told.stderr
    assert "rest" in told.stderr


@pytest.mark.parametrize("trusted", ["rubbish", "127.0.0.1 10.0.0.1", "127.0.0.1,", "10.0.0.1/8"])
def test_a_proxy_that_is_no_address_is_told_at_start(trusted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLONNADE_TRUSTED_PROXIES", trusted)
    with pytest.raises(SystemExit, match="is no address and no network"):
        behind_proxy()


@pytest.mark.parametrize("trusted", ["*", "::1", "127.0.0.1, 10.0.0.0/8"])
def test_addresses_and_networks_are_taken(trusted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLONNADE_TRUSTED_PROXIES", trusted)
    monkeypatch.setenv("COLONNADE_INI", "nowhere.ini")
    with pytest.raises(SystemExit, match=r"nowhere\.ini"):
        behind_proxy()
