"""The foundation: everything that every capability stands on, and no capability itself.

From the ground up: ``settings`` and ``problems``; ``values`` and ``database``; ``resources``, ``policy`` and ``tree``,
which say what there is and who may touch it; ``reading`` and ``writing``, the one road out and the one road in. The
core imports no plug-in, and starts without any. setup.cfg says which room may know which.
"""
