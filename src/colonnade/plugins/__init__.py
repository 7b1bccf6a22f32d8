"""The built-in plug-ins, one folder a capability: each stands on the core and on those that it names in `requires`.

Nothing else knows them by name: they are entry points of ``colonnade.plugins``, like anybody's.
"""
