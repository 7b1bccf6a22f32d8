"""Import: files become records of any resource.

`table` reads CSV and `lines` JSON Lines, row by row; `files` knows which of them a file is. `core.writing.bulk` decides
on every row and writes it. `command` is the door at the terminal, `views` that over HTTP.
"""

from __future__ import annotations
