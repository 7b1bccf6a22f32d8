"""What is asked of each system, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# In a path or a body {n} is another number for each request, {row} that of one of the first 1000 rows: see load.lua.

NEW = (
    '{"number": {n}, "first_name": "Anna", "last_name": "Berger", "email": "anna{n}@example.com",'
    ' "birth_date": "1990-04-17", "gender": "F", "hired_on": "2021-03-01", "title": "Engineer",'
    ' "salary": "4200.00", "department_id": 1}'
)
CHANGED = '{"title": "Engineer {n}"}'

#: Records of a list.
PAGE = 100


@dataclass(frozen=True)
class Work:
    """One kind of request.

    user: of the token that it carries; none for what anybody may ask.
    status: of a good answer.
    body: with `{n}` where each request has a value of its own.
    conditional: it names the ETag of the answer, which is the same as before.
    """

    name: str
    title: str
    status: int = 200
    method: str = "GET"
    user: str | None = "hr"
    body: str = ""
    conditional: bool = False


WORKS = (
    Work("list", "100 employees, each with its department, filtered and sorted"),
    Work("one", "one employee"),
    Work("create", "a new employee", 201, "POST", body=NEW),
    Work("patch", "another title for an employee", method="PATCH", body=CHANGED),
    Work("hello", "a constant, as JSON, for anybody", user=None),
    Work("policy", "100 of the 100,000 salaries, only those that the caller may see", user="staff"),
    Work("unchanged", "the list again, with its ETag", 304, conditional=True),
)
#: What is measured on SQLite.
FEW = tuple(work for work in WORKS if work.name in ("list", "one", "create"))


@dataclass(frozen=True)
class Paths:
    """Where a system has each work."""

    of: Mapping[str, str] = field(repr=False)

    def __getitem__(self, work: str) -> str:
        return self.of[work]

    def __contains__(self, work: str) -> bool:
        return work in self.of


OURS = Paths(
    {
        "list": "/api/v1/employees?expand=department&title=Engineer&sort=last_name,first_name&limit=100",
        "one": "/api/v1/employees/50000",
        "create": "/api/v1/employees",
        "patch": "/api/v1/employees/{row}",
        "hello": "/hello",
        "policy": "/api/v1/salaries?sort=from_date&limit=100",
        "unchanged": "/api/v1/employees?expand=department&title=Engineer&sort=last_name,first_name&limit=100",
    }
)
#: A peer whose documentation offers no conditional requests has no "unchanged".
THEIRS = Paths(
    {
        "list": "/employees?title=Engineer&sort=last_name,first_name&limit=100",
        "one": "/employees/50000",
        "create": "/employees",
        "patch": "/employees/{row}",
        "hello": "/hello",
        "policy": "/salaries?sort=from_date&limit=100",
    }
)
THEIRS_WITH_ETAGS = Paths({**THEIRS.of, "unchanged": THEIRS["list"]})
_RECORDS = "/v1/buckets/company/collections/employees/records"
_LIST = f"{_RECORDS}?title=Engineer&_sort=last_name,first_name&_limit=100"
KINTO = Paths(
    {
        "list": _LIST,
        "one": f"{_RECORDS}/50000",
        "create": _RECORDS,
        "patch": f"{_RECORDS}/{{row}}",
        "hello": "/v1/__lbheartbeat__",
        "unchanged": _LIST,
    }
)
#: The floor makes no ETag.
BARE = Paths({name: path for name, path in OURS.of.items() if name != "unchanged"})
#: Pyramid alone knows nothing else.
HELLO = Paths({"hello": OURS["hello"]})
