"""``POST /api/v1/batch``: several operations in one transaction, all or none.

::

    {
        "operations": [
            {"op": "create", "resource": "departments", "as": "new", "body": {"code": "d010", "name": "Legal"}},
            {"op": "merge", "resource": "employees", "key": "7", "body": {"department_id": {"$ref": "new.id"}}},
        ]
    }

`operations` reads the body, `references` puts the keys of earlier operations where later ones refer to them, `views`
performs each operation as the view of its own address would.
"""

from __future__ import annotations

from .views import batch

__all__ = ["batch"]
