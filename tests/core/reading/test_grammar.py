"""A query string becomes a Query, or a 400 problem that names the parameter; nothing else can happen."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.problems import BadRequest, Fault
from colonnade.core.reading.grammar import (
    CONTROLS,
    OPERATORS,
    Compare,
    Expand,
    Query,
    SortKey,
    Together,
    continued,
    parse,
    spell,
    unknown_operator,
)
from colonnade.core.reading.limits import ReadingSettings

LIMITS = ReadingSettings()


def read(query_string: str | bytes, **limits: Any) -> Query:
    return parse(query_string, ReadingSettings(**limits) if limits else LIMITS)


def fault_of(query_string: str | bytes, **limits: Any) -> Fault:
    with pytest.raises(BadRequest) as raised:
        read(query_string, **limits)
    (fault,) = raised.value.faults
    return fault


def condition(query_string: str | bytes) -> Compare:
    where = read(query_string).where
    assert isinstance(where, Together)
    (item,) = where.items
    assert isinstance(item, Compare)
    return item


def sort_key(name: str, *, descending: bool = False, parameter: str = "sort") -> SortKey:
    return SortKey(tuple(name.split(".")), descending, parameter)


# -- The outermost layer


def test_nothing_asked_is_a_query_without_anything() -> None:
    assert read("") == read(b"") == read("&&") == Query()


@pytest.mark.parametrize(
    "query_string",
    ["name=K%C3%B6ln+S%C3%BCd", "name=K%c3%b6ln%20S%c3%bcd", "na%6De=Köln Süd".encode(), "name=KÃ¶ln SÃ¼d"],
)
def test_percent_escapes_plus_and_raw_utf_8_are_decoded(query_string: str | bytes) -> None:
    assert condition(query_string).path == ("name",)
    assert condition(query_string).value == "Köln Süd"


def test_an_equals_sign_or_a_semicolon_in_a_value_is_part_of_it() -> None:
    assert condition("name=a=b;c").value == "a=b;c"


@pytest.mark.parametrize("value", ["%", "%4", "%zz", "a%+1", "100%25%", "%C3%2"])
def test_a_bad_percent_escape_is_refused_and_shown(value: str) -> None:
    fault = fault_of(f"name={value}")
    assert fault.parameter == "name"
    assert "percent" in fault.detail


@pytest.mark.parametrize("value", [b"%FF", b"\xff", b"%ED%A0%80", b"%C0%AF", b"%C3"])
def test_a_value_that_is_not_utf_8_is_refused(value: bytes) -> None:
    fault = fault_of(b"name=" + value)
    assert (fault.parameter, fault.detail) == ("name", "is not UTF-8")


def test_a_name_that_is_not_utf_8_is_refused_with_what_of_it_can_be_read() -> None:
    assert fault_of("na%FFme=1").parameter == "na\ufffdme"


@pytest.mark.parametrize("query_string", ["name=a%00", b"name=a\0", "sort=%00"])
def test_a_nul_character_is_refused(query_string: str | bytes) -> None:
    assert "NUL" in fault_of(query_string).detail


def test_text_that_no_server_could_have_handed_over_is_refused() -> None:
    assert "percent-encoded" in fault_of("name=\u0142").detail


def test_a_repeated_name_is_refused_however_it_is_spelled() -> None:
    assert fault_of("age=1&%61ge=1").parameter == "age"
    assert fault_of("sort=a&sort=b").code == "repeated"


def test_a_value_without_a_name_is_refused() -> None:
    assert "without a name" in fault_of("=5").detail


def test_a_query_string_that_is_too_long_is_refused_with_the_limit() -> None:
    read("a=" + "b" * 18, max_query=20)
    assert "20" in fault_of("a=" + "b" * 19, max_query=20).detail


def test_each_wrong_parameter_has_its_fault_in_one_problem() -> None:
    with pytest.raises(BadRequest) as raised:
        read("sort=a,&limit=0&name=right&ended_on__isnull=perhaps")
    assert [fault.parameter for fault in raised.value.faults] == ["sort", "limit", "ended_on__isnull"]


# -- Conditions


def test_a_condition_knows_path_operator_value_and_where_it_stood() -> None:
    assert condition("department.name__icontains=sale") == Compare(
        path=("department", "name"),
        operator="icontains",
        value="sale",
        textual=True,
        parameter="department.name__icontains",
        name="name__icontains",
        written="sale",
    )


@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"in", "isnull"}))
def test_every_operator_is_the_word_after_the_last_double_underscore(operator: str) -> None:
    found = condition(f"a__b__{operator}=1")
    assert (found.path, found.operator, found.value) == (("a__b",), operator, "1")


@pytest.mark.parametrize("name", ["age", "hired_on", "_age", "__gte", "age_"])
def test_a_name_without_an_operator_asks_for_equality(name: str) -> None:
    found = condition(f"{name}=1")
    assert (found.path, found.operator, found.literal) == ((name,), "exact", None)


def test_an_empty_value_is_the_empty_text() -> None:
    assert condition("name=") == condition("name")
    assert condition("name").value == ""


def test_conditions_of_the_query_string_stand_together_in_their_order() -> None:
    where = read("b=1&a=2").where
    assert isinstance(where, Together)
    assert [item.path for item in where.items if isinstance(item, Compare)] == [("b",), ("a",)]


@pytest.mark.parametrize("name", ["a..b", ".a", "a.", "."])
def test_a_path_with_a_missing_name_is_refused(name: str) -> None:
    assert fault_of(f"{name}=1").parameter == name


def test_a_path_follows_so_many_relations_and_no_more() -> None:
    read("a.b.c=1&sort=a.b.c", max_path=2)
    assert fault_of("a.b.c.d=1", max_path=2).code == "too_deep"
    assert fault_of("sort=a.b.c.d", max_path=2).code == "too_deep"


def test_there_is_a_most_of_conditions() -> None:
    read("a=1&b=2&sort=a", max_conditions=2)
    assert fault_of("a=1&b=2&c=3", max_conditions=2).parameter == "c"


@pytest.mark.parametrize(
    "text, items",
    [
        ("1,2,3", ("1", "2", "3")),
        ("", ()),
        ('""', ("",)),
        ("a,,b,", ("a", "", "b", "")),
        ('"a,b",c', ("a,b", "c")),
        ('c,"say ""hi"""', ("c", 'say "hi"')),
        ('"",""', ("", "")),
        (" a, b", (" a", " b")),
    ],
)
def test_a_list_is_parted_by_commas_except_in_quotes(text: str, items: tuple[str, ...]) -> None:
    found = condition(f"name__in={quote(text)}")
    assert (found.value, found.written) == (items, text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_every_list_can_be_written(items: list[str]) -> None:
    text = ",".join('"' + item.replace('"', '""') + '"' for item in items)
    assert condition(urlencode({"name__in": text})).value == tuple(items)


@pytest.mark.parametrize("text, place", [('a"b', 2), ('x,"open', 3), ('"a"b', 4), ('"a""', 1), ('"a"",b', 1)])
def test_a_misplaced_quote_in_a_list_is_refused_with_its_place(text: str, place: int) -> None:
    assert f"character {place}" in fault_of(f"name__in={quote(text)}").detail


@pytest.mark.parametrize("text", ["1,2,3", '"1",2,3', "1,2,"])
def test_there_is_a_most_of_items_in_a_list(text: str) -> None:
    read(f"id__in={quote(text)}", max_list=3)
    assert fault_of(f"id__in={quote(text)}", max_list=2).code == "too_many"


def test_isnull_takes_true_or_false() -> None:
    for word, value in {"true": True, "True": True, "1": True, "false": False, "FALSE": False, "0": False}.items():
        assert condition(f"ended_on__isnull={word}").value is value
    for word in ("", "yes", "2", "null"):
        assert fault_of(f"ended_on__isnull={word}").allowed == ("true", "false")


def test_a_field_may_be_named_like_a_condition() -> None:
    literal = condition("department.age__in=1,2").literal
    assert literal is not None
    assert (literal.path, literal.operator, literal.value) == (("department", "age__in"), "exact", "1,2")
    assert literal.literal is None


@pytest.mark.parametrize(
    "name, guess",
    [
        ("age__gtx", "age__gt"),
        ("name__icontain", "name__icontains"),
        ("age__eq", "age__exact"),
        ("name__ilike", "name__icontains"),
        ("department__name", "department.name"),
    ],
)
def test_an_unknown_operator_is_left_to_whoever_knows_the_fields_and_then_refused(name: str, guess: str) -> None:
    found = condition(f"{name}=1")
    assert found.operator not in OPERATORS
    assert found.name == name
    (fault,) = unknown_operator(found).faults
    assert (fault.parameter, fault.code, fault.allowed) == (name, "unknown_operator", OPERATORS)
    assert guess in fault.detail


def test_an_operator_that_a_field_does_not_have_is_refused_with_those_that_it_has() -> None:
    (fault,) = unknown_operator(condition("active__contains=1"), ("exact", "isnull")).faults
    assert fault.allowed == ("exact", "isnull")
    assert "active" in fault.detail
    assert "contains" in fault.detail


def test_double_underscores_without_an_operator_are_an_unknown_one() -> None:
    (fault,) = unknown_operator(condition("age__=1")).faults
    assert "without an operator" in fault.detail


# -- Control words


@pytest.mark.parametrize("word", CONTROLS)
def test_a_control_word_is_no_condition_and_a_column_of_that_name_is_reached_by_exact(word: str) -> None:
    assert read(f"{word}=") == Query()
    assert condition(f"{word}__exact=x").path == (word,)


def test_sort_reads_paths_and_directions() -> None:
    assert read("sort=-hired_on,department.name,id").sort == (
        sort_key("hired_on", descending=True),
        sort_key("department.name"),
        sort_key("id"),
    )


def test_spaces_around_names_are_no_part_of_them() -> None:
    assert read("sort=+a,+-b&fields=a,+b&expand=c,+d(limit=1,+sort=+a,+b)") == read(
        "sort=a,-b&fields=a,b&expand=c,d(limit=1,sort=a,b)"
    )


@pytest.mark.parametrize("text", ["a,a", "a,-a", "d.a,d.a", ",", "a,", "-", "--,", "a,,b"])
def test_a_sort_with_a_repeated_or_missing_name_is_refused(text: str) -> None:
    assert fault_of(f"sort={text}").parameter == "sort"


def test_there_is_a_most_of_sort_keys() -> None:
    assert len(read("sort=a,b", max_sort=2).sort) == 2
    assert fault_of("sort=a,b,c", max_sort=2).code == "too_many"


def test_fields_are_paths_each_once() -> None:
    assert read("fields=name,department.name,name").fields == (("name",), ("department", "name"))
    assert fault_of("fields=name,").parameter == "fields"


def test_expand_reads_relations_with_their_limit_and_sort() -> None:
    assert read("expand=department,salaries(limit=50,sort=-from_date,id),salaries.employee").expand == (
        Expand(("department",), None, (), "expand"),
        Expand(
            ("salaries",),
            50,
            (sort_key("from_date", descending=True, parameter="expand"), sort_key("id", parameter="expand")),
            "expand",
        ),
        Expand(("salaries", "employee"), None, (), "expand"),
    )


@pytest.mark.parametrize("text", ["a()", "a(limit=)", "a(sort=)", "a(limit=,sort=)"])
def test_empty_options_of_an_expand_ask_for_nothing(text: str) -> None:
    assert read(f"expand={text}").expand == (Expand(("a",), None, (), "expand"),)


@pytest.mark.parametrize(
    "text, place",
    [
        ("a,", 3),
        (",a", 1),
        ("a,,b", 3),
        ("(limit=1)", 1),
        ("a(limit=1", 2),
        ("a)", 2),
        ("a,b)c", 4),
        ("a(limit=1).b", 11),
        ("a(limit=1)b", 11),
        ("a(sort=b(c))", 9),
        ("a(limt=1)", 3),
        ("a(limit=1,b)", 11),
        ("a(b)", 3),
        ("a(sort=b,limit=1,sort=c)", 18),
        ("a(,)", 3),
    ],
)
def test_a_malformed_expand_is_refused_with_its_place(text: str, place: int) -> None:
    fault = fault_of(f"expand={text}")
    assert fault.parameter == "expand"
    assert f"at character {place})" in fault.detail


@pytest.mark.parametrize(
    "text", ["a,a", "a(limit=0)", "a(limit=1001)", "a(limit=x)", "a(sort=b,b)", "a..b", "a(sort=b,)"]
)
def test_an_expand_with_a_wrong_part_is_refused(text: str) -> None:
    assert fault_of(f"expand={text}").parameter == "expand"


def test_expands_have_a_most_and_relations_on_the_way_and_in_fields_count() -> None:
    read("expand=a,a.b&fields=a.c,id", max_expands=2)
    assert fault_of("expand=a,b,c", max_expands=2).parameter == "expand"
    assert fault_of("expand=a.b.c", max_expands=2).parameter == "expand"
    assert fault_of("fields=a.x,b.x,c.x", max_expands=2).parameter == "fields"
    with pytest.raises(BadRequest):
        read("expand=a&fields=b.x,c.x", max_expands=2)


def test_expands_have_a_depth() -> None:
    read("expand=a.b&fields=a.b.id", max_expand_depth=2)
    assert fault_of("expand=a.b.c", max_expand_depth=2).code == "too_deep"
    assert fault_of("fields=a.b.c.id", max_expand_depth=2).code == "too_deep"


def test_a_place_in_the_list_is_given_by_one_of_three_words() -> None:
    assert read("limit=1000").limit == 1000
    assert read("page=7").page == 7
    assert read("offset=0").offset == 0
    assert read("cursor=abc").cursor == "abc"
    assert {fault_of(pair).code for pair in ("page=1&offset=0", "cursor=a&page=1", "cursor=a&offset=0")} == {"conflict"}


@pytest.mark.parametrize("name, least", [("limit", 1), ("page", 1), ("offset", 0)])
@pytest.mark.parametrize("text", ["-1", "1.0", "x", "1e3", "%2B1", "+1", "٣", "²", "1_0", "9" * 13, "9" * 5000])
def test_what_is_no_whole_number_in_range_is_refused_with_the_range(name: str, least: int, text: str) -> None:
    fault = fault_of(f"{name}={text}".encode())
    assert fault.parameter == name
    assert f"from {least} to " in fault.detail


def test_limit_and_page_begin_at_one_and_limit_ends_at_the_setting() -> None:
    assert fault_of("limit=0").parameter == "limit"
    assert fault_of("page=0").parameter == "page"
    assert "10" in fault_of("limit=11", max_limit=10, default_limit=5, expand_limit=5).detail


def test_a_count_is_exact_or_capped() -> None:
    assert read("count=exact").count == "exact"
    assert read("count=capped").count == "capped"
    assert fault_of("count=true").allowed == ("exact", "capped")


# -- What follows


def test_the_next_place_keeps_everything_else_as_it_was_written() -> None:
    query_string = "department.name=A%26B&cursor=old&sort=-salary&p%61ge=3&fields=a,b"
    assert continued(query_string, "cursor", "a_b-c") == "department.name=A%26B&sort=-salary&fields=a,b&cursor=a_b-c"
    assert continued("", "page", "2") == "page=2"


def test_the_next_place_is_safe_in_a_link_header_whatever_was_sent_raw() -> None:
    raw = 'where={"name":"<Köln> \\r"}'.encode()
    following = continued(raw, "cursor", "c")
    assert following.isascii()
    assert not set(following) & set('<>"{} \\')
    assert read(following).where == read(raw).where


def test_the_spelling_of_a_filter_tells_values_and_operators_apart_but_not_the_order() -> None:
    texts = [
        "a=1",
        "a=2",
        "a__gt=1",
        "a.b=1",
        "a__in=1",
        "a__in=1,2",
        "a=1&b=1",
        'where={"a":1}',
        'where={"a":"1"}',
        'where={"a":true}',
    ]
    assert len({spell(read(text).where) for text in texts}) == len(texts)
    assert spell(read("a=1&b=2").where) == spell(read("b=2&a=1").where)


# -- Anything at all

PIECES = "a name __ _ . , = & ( ) - + % %22 %00 %ED { } [ ] : 0 1 é null true NaN 1e999999999 or and not"
WORDS = st.sampled_from([*CONTROLS, *OPERATORS, *PIECES.split(), '"', "9" * 30])


def assert_answered(query_string: str | bytes) -> None:
    """Read it, and hold either outcome to what the rooms behind rely on."""
    try:
        found = read(query_string)
    except BadRequest as refusal:
        assert_complaint(refusal.faults)
    else:
        assert hash(found) == hash(read(query_string))
        spell(found.where).encode()
        following = read(continued(query_string, "cursor", "next"))
        assert (following.where, following.sort, following.cursor) == (found.where, found.sort, "next")


def assert_complaint(faults: tuple[Fault, ...]) -> None:
    assert faults
    for fault in faults:
        assert fault.parameter is not None
        assert f"{fault.parameter} {fault.detail}".encode()


@given(st.binary() | st.lists(WORDS).map("".join).map(str.encode))
def test_any_bytes_are_a_query_or_a_bad_request(query_string: bytes) -> None:
    assert_answered(query_string)


@given(st.text() | st.lists(WORDS).map("".join))
def test_any_text_is_a_query_or_a_bad_request(query_string: str) -> None:
    assert_answered(query_string)
