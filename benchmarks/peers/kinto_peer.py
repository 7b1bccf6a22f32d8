"""Kinto, under waitress: indicative only, for it has a data model of its own.

https://docs.kinto-storage.org/en/stable/configuration/settings.html (PostgreSQL as storage and permission backend,
cache in memory, accounts) and /en/stable/configuration/production.html. Records are JSON documents in one table; a
document holds the department that others join, values are neither typed nor unique, and an account's password, once
verified, is remembered for half a minute. So its answers are not compared. `Translated` gives it the requests that
everybody gets, in its own words.
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import kinto
import psycopg
from kinto.core.scripts import migrate
from pyramid.config import Configurator

from benchmarks.in_process import call, environ

URL = os.environ["BENCHMARK_URL"]
COLLECTION = "/v1/buckets/company/collections/employees"

DOCUMENTS = """
ALTER TABLE objects DISABLE TRIGGER USER;
INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
SELECT e.id::text, '/buckets/company/collections/employees', 'record',
    timestamp '2026-01-01' + e.id * interval '1 millisecond',
    to_jsonb(e) - 'id' || jsonb_build_object('salary', e.salary::text, 'department', to_jsonb(d)), false
FROM employee e JOIN department d ON d.id = e.department_id;
ALTER TABLE objects ENABLE TRIGGER USER;
ANALYZE objects;
"""


class Translated:
    """A bearer token as the password of an account, a body in the envelope that Kinto wants."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme == "Bearer":
            environ["HTTP_AUTHORIZATION"] = f"Basic {base64.b64encode(f'hr:{token}'.encode()).decode()}"
        if length := int(environ.get("CONTENT_LENGTH") or 0):
            body = b'{"data": ' + environ["wsgi.input"].read(length) + b"}"
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.app(environ, start_response)


def settings() -> dict[str, str]:
    return {
        "userid_hmac_secret": "for-benchmarks-only",
        "storage_backend": "kinto.core.storage.postgresql",
        "storage_url": URL,
        "storage_pool_size": "8",
        "permission_backend": "kinto.core.permission.postgresql",
        "permission_url": URL,
        "permission_pool_size": "8",
        "cache_backend": "kinto.core.cache.memory",
        "includes": "kinto.plugins.accounts",
        "account_create_principals": "system.Everyone",
        "multiauth.policies": "account",
        "multiauth.policy.account.use": "kinto.plugins.accounts.authentication.AccountsAuthenticationPolicy",
    }


def prepare(registry: Any, served: Translated) -> None:
    """Its tables, one account, and the employees as documents."""
    migrate({"registry": registry})
    with psycopg.connect(URL) as connection:
        connection.execute(DOCUMENTS.encode())
        question = "SELECT key FROM benchmark_token JOIN user_account u ON u.id = user_id WHERE u.name = 'hr'"
        (token,) = connection.execute(question).fetchone() or ("",)
    call(served, environ("/v1/accounts/hr", "PUT", json.dumps({"password": token})))
    bearer = {"Authorization": f"Bearer {token}"}
    for path in (COLLECTION.partition("/collections")[0], COLLECTION):
        call(served, environ(path, "PUT", "{}", bearer))


def application() -> Translated:
    config = Configurator(settings=settings(), root_factory="kinto.authorization.RouteFactory")
    served = Translated(kinto.main({}, config=config, **settings()))
    prepare(config.registry, served)
    return served


app = application()
