"""A server in a process of its own, to be killed: ``python -m tests.resilience.server_process URL SETTING=VALUE…``.

It serves the company of a database that is there already, and writes its port as soon as it listens.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from waitress.server import create_server

from colonnade import main
from tests.functional.company import PLUGINS, settings

ROOT = Path(__file__).parents[2]
THREADS = 6


@contextmanager
def server_process(
    url: str, plugins: Sequence[str] = PLUGINS, **more: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port; it is killed at the end of the block, whatever happens.

    :param more: settings.
    """
    told = [f"{name}={value}" for name, value in {"colonnade.plugins": "\n".join(plugins), **more}.items()]
    command = [sys.executable, "-W", "ignore", "-m", "tests.resilience.server_process", url, *told]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    url, *told = sys.argv[1:]
    app = main({}, **settings(url, **dict(each.split("=", 1) for each in told)))
    server = create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    print(server.effective_port, flush=True)  # noqa: T201 it is read by who started it
    server.run()
