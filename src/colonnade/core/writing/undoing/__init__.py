"""Undo: what one request changed is brought back, whole, or not at all.

It is a way of writing: the log says what to write, and the policy of the one who undoes decides whether they may, as
if they wrote every record by hand. `changeset` reads the rows of a request into one `Reversal` for each record;
`admitting` loads what is stored and refuses what its author may not do; `conflicts` names the changes in the way;
`leading` looks where references lead, `referring` who refers to what goes; `ordering` finds an order that foreign keys
and unique values admit; `reverting` writes it, a batch at a time.
"""

from __future__ import annotations

from .undo import Reverted, Undone, undo

__all__ = ["Reverted", "Undone", "undo"]
