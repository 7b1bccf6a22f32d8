"""What the suite itself stands on: databases to run on, counts, what a machine lacks, and the runner of documented
examples. Nothing here knows a room of Colonnade; fixtures that build applications live in `colonnade.testing`."""

from tests.harness.counts import counts

__all__ = ["counts"]
