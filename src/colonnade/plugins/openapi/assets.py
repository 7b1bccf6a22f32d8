"""What is in the files that a browser keeps for a year."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


def digest(folder: Path) -> str:
    """A short text that changes with the content or the name of any file below the folder."""
    total = sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        total.update(f"{file.relative_to(folder)}\0".encode() + sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]
