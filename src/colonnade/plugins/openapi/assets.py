"""The files that a browser keeps for a year."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from pyramid.request import Request

#: By its place rather than as "package:static": pkg_resources, which Pyramid asks for the latter, knows no package that
#: pytest has loaded, as it does those with plug-ins for it.
STATIC = Path(__file__).parent / "static"


def static_path(request: Request, name: str) -> str:
    """The address of one of our files, with the path below which the application is mounted."""
    return str(request.static_path(f"{STATIC}/{name}"))


def digest(folder: Path) -> str:
    """A short text that changes with the content or the name of any file below the folder."""
    total = sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        total.update(f"{file.relative_to(folder)}\0".encode() + sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]
