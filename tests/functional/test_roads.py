"""Every road that reads or writes a resource, walked by those who may not see salaries.

Whoever builds a road registers it; a road that is not walked here fails the first test, so a new one cannot forget.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from colonnade.core.roads import roads_of
from tests.functional.company import Company, company
from tests.functional.walks import WALKS, met


def test_every_road_is_walked(firm: Company) -> None:
    """A road that is registered and not walked here has forgotten the policy's tests."""
    assert {road.name for road in roads_of(firm.app.registry)} == set(WALKS)


@pytest.mark.parametrize("road", WALKS)
def test_an_auditor_never_meets_a_salary(firm: Company, road: str, tmp_path: Path) -> None:
    """Nothing that is answered on the road holds one."""
    assert met(WALKS[road], firm, "auditor", tmp_path) == set()


@pytest.mark.parametrize("road", WALKS)
def test_staff_meet_no_salary_but_their_own(firm: Company, road: str, tmp_path: Path) -> None:
    """Ann's is 71003.03 (and what she had before, a little less)."""
    assert met(WALKS[road], firm, "ann", tmp_path) <= {"71003.03", "71002.03"}


def test_the_walks_would_meet_salaries(firm: Company, tmp_path: Path) -> None:
    """The control: to hr the same reading roads show all of them."""
    for road in ("rest list", "rest one", "rest related", "rest export", "export"):
        assert len(met(WALKS[road], firm, "hr", tmp_path)) >= 30


def test_nothing_was_created_on_the_way(fresh_database_url: str, tmp_path: Path) -> None:
    """Refused writes leave nothing, on any road."""
    with company(fresh_database_url) as firm:
        before = firm.client("root").get("/api/v1/employees?count=exact&limit=1").json["total"]
        for road in ("rest create", "rest import", "import"):
            for user in ("auditor", "ann"):
                list(WALKS[road](firm, user, tmp_path))
        assert firm.client("root").get("/api/v1/employees?count=exact&limit=1").json["total"] == before
