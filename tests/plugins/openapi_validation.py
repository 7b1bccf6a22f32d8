"""Holds values and answers to a document of OpenAPI 3.1, by JSON Schema 2020-12."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from webtest import TestResponse

Json = Any


def faults(document: Json, schema: Json, value: Json) -> list[str]:
    """What is wrong with a value, by a schema that stands in the document."""
    whole = {"components": document["components"], "allOf": [schema]}  # references lead into the components
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def resolved(document: Json, described: Json) -> Json:
    """What stands at the end of a reference."""
    while "$ref" in described:
        target = document
        for part in described["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        described = target
    return described


def response_object(document: Json, path: str, method: str, status: int) -> Json:
    """How an answer is described; None where it is not."""
    described = document["paths"][path][method]["responses"]
    found = described.get(str(status)) or described.get(f"{status // 100}XX")
    return found and resolved(document, found)


def answer_faults(document: Json, path: str, method: str, response: TestResponse) -> list[str]:
    """What of an answer the document does not say: its status, its type, its headers, its body."""
    described = response_object(document, path, method, response.status_int)
    if described is None:
        return [f"{method} {path} answers {response.status_int}, which is not described"]
    found = []
    for name, header in described.get("headers", {}).items():
        header = resolved(document, header)
        if name in response.headers:
            found += [f"{name}: {fault}" for fault in faults(document, header["schema"], response.headers[name])]
        elif header.get("required"):
            found.append(f"{name} is missing")
    content = described.get("content", {})
    if not response.body:
        return found
    if response.content_type not in content:
        return [*found, f"{response.content_type} is not described, only {', '.join(content)}"]
    body = response.json if response.content_type.endswith(("/json", "+json")) else response.body.decode()
    return found + faults(document, content[response.content_type]["schema"], body)


def examples(document: Json, within: Json = None, at: str = "#") -> Iterator[tuple[str, Json, Json]]:
    """Every example of the document: where it stands, its schema, its value."""
    here = document if within is None else within
    if isinstance(here, list):
        for index, member in enumerate(here):
            yield from examples(document, member, f"{at}/{index}")
    if not isinstance(here, dict):
        return
    if "schema" in here:  # a parameter, a header or a media type
        values = [each["value"] for each in here.get("examples", {}).values()]
        values += [here["example"]] if "example" in here else []
        yield from ((at, here["schema"], value) for value in values)
    elif isinstance(here.get("examples"), list):  # a schema
        yield from ((at, here, value) for value in here["examples"])
    for name, member in here.items():
        if name not in ("examples", "example"):
            yield from examples(document, member, f"{at}/{name}")


def operation(described: Json, method: str, path: str) -> Json:
    """The operation of a document."""
    return described["paths"][path][method]


def parameters(described: Any, method: str, path: str) -> dict[str, Any]:
    """The parameters of an operation by name, references followed."""
    listed = operation(described, method, path).get("parameters", [])
    shared = described["components"]["parameters"]
    found = [shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in listed]
    return {each["name"]: each for each in found}
