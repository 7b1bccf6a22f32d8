"""What a verb of the ``colonnade`` command is given, and how it speaks: the same for every verb, whoever brings it.

A plug-in's verb is a ``click.Command`` that it names by ``config.add_command``. `Invocation` is what such a verb
works with: the application, who acts, a transaction. The command itself, which finds and runs the verbs and says what
went wrong, is `colonnade.cli`; it stands above the plug-ins, so they cannot import it. Nothing that answers a request
imports this room.
"""

from __future__ import annotations

from .durations import Duration, duration_of
from .invocation import Invocation, pass_invocation
from .options import acting_option, expect_json, json_option, wants_json
from .output import note, write_json, write_table

__all__ = [
    "Duration",
    "Invocation",
    "acting_option",
    "duration_of",
    "expect_json",
    "json_option",
    "note",
    "pass_invocation",
    "wants_json",
    "write_json",
    "write_table",
]
