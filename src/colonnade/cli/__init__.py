"""The command ``colonnade [-c FILE.ini] VERB``: one file a verb, and beside them the verbs that plug-ins bring.

`command` finds verbs, `loading` makes the application of an INI file, `failures` says what went wrong and with which
exit code. The room stands above the plug-ins; what their verbs share with ours is `colonnade.core.console`. It is
imported at each run, so nothing here imports more than click before it is needed.
"""

from __future__ import annotations

from .command import main

__all__ = ["main"]
