"""A shell that stays open from one command to the next, and a server beside it."""

import contextlib
import http.client
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path


class Shell:
    """One bash: what a command exports, or where it goes, the next one finds. Standard error is part of the output."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = _start(["bash", "--noprofile", "--norc"], folder, environment, stdin=subprocess.PIPE)
        self._marker = uuid.uuid4().hex
        self._send("set -o pipefail")

    def run(self, command: str, seconds: float) -> tuple[int, str]:
        """The exit status and the output of a command. Raises TimeoutError after so many seconds, EOFError if the
        command ended the shell."""
        self._send(f"eval {shlex.quote(command)} </dev/null 2>&1; printf '\\n%s %d\\n' {self._marker} $?")
        output, end = "", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            stream = self._process.stdout
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
            while f"\n{self._marker} " not in output or not output.endswith("\n"):
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise TimeoutError(f"no end after {seconds} seconds:\n{output}")
                if not (chunk := os.read(stream.fileno(), 65_536)):
                    raise EOFError(f"the shell has ended:\n{output}")
                output += chunk.decode(errors="replace")
        said, _, status = output.rpartition(f"\n{self._marker} ")
        return int(status), said.replace("\r\n", "\n")  # as a terminal shows it

    def close(self) -> None:
        """End the shell and whatever it left running."""
        _end(self._process)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


class Server:
    """A command that serves until it is told to end."""

    def __init__(self, command: str, folder: Path, environment: dict[str, str]) -> None:
        self._process = _start(["bash", "-c", command], folder, environment, stdin=subprocess.DEVNULL)
        self._output = bytearray()
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._output.decode(errors="replace")

    def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready` holds. Raises TimeoutError after so many seconds, EOFError if the server ended."""
        end = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise EOFError(f"the server has ended:\n{self.output}")
            if time.monotonic() > end:
                raise TimeoutError(f"not ready after {seconds} seconds:\n{self.output}")
            with self._news:
                self._news.wait(0.2)

    def close(self) -> None:
        """End it and whatever it started."""
        _end(self._process)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        # A closed file is a ValueError: close() may come while this thread reads.
        with contextlib.suppress(ValueError):
            while chunk := os.read(self._process.stdout.fileno(), 65_536):
                with self._news:
                    self._output += chunk
                    self._news.notify_all()


def answers(port: int) -> bool:
    """Whether somebody speaks HTTP on this port of 127.0.0.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _start(command: list[str], folder: Path, environment: dict[str, str], *, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that all of it can be ended together
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            break
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
