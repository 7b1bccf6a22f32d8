"""Tamper evidence: the log is sealed in batches, each bound to the one before by a hash (SHA-256).

`digests` says what is hashed; `seals` makes seals, `verifying` looks whether the log is still what was sealed. Two
things change a sealed log lawfully: `pruning` lets old changes go, `erasing` takes personal values out. Both leave
traces by which the rest can still be verified. docs/auditing.md says what all of this proves and what it does not.
"""
