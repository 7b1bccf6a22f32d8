"""Which combinations of values stood in which line, in little memory: 18 to 36 bytes for each."""

from __future__ import annotations

from array import array
from decimal import Decimal

from colonnade.core.writing.lookup import Key

#: How many parts there are, a power of two. Each grows by itself, so that there is never a copy of all.
_PARTS = 64
_SMALLEST = 1 << 7


class Seen:
    """Remembers on which line a combination of values stood first.

    Of a combination its hash is kept: that two of a table have the same of 64 bits is not to be expected.
    """

    def __init__(self) -> None:
        self._parts = [_Part() for _ in range(_PARTS)]

    def first(self, key: Key, line: int) -> int:
        """The line on which the combination stood first; that is this one if it has not been seen yet."""
        hashed = hash(tuple(map(_told_apart, key))) or 1  # 0 is an empty place
        return self._parts[hashed % _PARTS].first(hashed, line)


def _told_apart(part: object) -> object:
    """What has another hash than another number has: Python has one for -1 and -2, and for 0 and 2⁶¹ - 1."""
    if isinstance(part, Decimal):
        return part, part == -1  # 1.0 and 1.00 are one
    return str(part) if isinstance(part, int) else part


class _Part:
    """Those of some hashes, probed as Python's own dictionaries are."""

    def __init__(self) -> None:
        self._count = 0
        self._make(_SMALLEST)

    def first(self, hashed: int, line: int) -> int:
        """The line that this hash has; the one that it has from now on, if it had none."""
        slot, there = self._place(hashed)
        if there:
            return self._lines[slot]
        self._hashes[slot], self._lines[slot] = hashed, line
        self._count += 1
        if 3 * self._count > 2 * len(self._hashes):
            self._grow()
        return line

    def _place(self, hashed: int) -> tuple[int, int]:
        """Where a hash stands or would stand, and what stands there."""
        mask, hashes = len(self._hashes) - 1, self._hashes
        rest = (hashed & 0xFFFF_FFFF_FFFF_FFFF) // _PARTS  # all of a part have the same remainder
        slot = rest & mask
        while (there := hashes[slot]) and there != hashed:
            rest >>= 5
            slot = (5 * slot + rest + 1) & mask
        return slot, there

    def _make(self, size: int) -> None:
        self._hashes = array("q", bytes(8 * size))
        self._lines = array("I", bytes(4 * size))

    def _grow(self) -> None:
        hashes, lines = self._hashes, self._lines
        self._make(2 * len(hashes))
        for hashed, line in zip(hashes, lines, strict=True):
            if hashed:
                slot, _ = self._place(hashed)
                self._hashes[slot], self._lines[slot] = hashed, line
