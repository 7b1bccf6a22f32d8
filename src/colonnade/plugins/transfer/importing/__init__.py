"""Import: tables of text become records of any resource.

`table` reads a file, `core.writing.bulk` decides on every row and writes them, and `command` tells the person at the
terminal.
"""

from __future__ import annotations
