"""Export: the whole of a list as a file, streamed, under the policy of who asks.

`core.reading.Whole` reads, `files` makes bytes of what it gives (CSV, JSON Lines), and there are two doors: `command`
for the verb ``export``, `views` for ``Accept`` on a list of the API. Neither knows a resource or a table.
"""
