"""The settings of the two peers that are Django: https://docs.djangoproject.com/en/5.2/ref/settings/,
/ref/databases/#persistent-connections and /ref/databases/#sqlite-notes. Conditional requests are answered by
`ConditionalGetMiddleware`: /topics/conditional-view-processing/. $BENCHMARK_URLCONF says which of the two it is.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit


def _database() -> dict[str, Any]:
    address = urlsplit(os.environ["BENCHMARK_URL"])
    if address.scheme == "sqlite":
        # In sqlite:///folder/file and sqlite:////folder/file the path is what follows the third slash.
        options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": address.path[1:], "OPTIONS": options}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.path[1:],
        "USER": unquote(address.username or ""),
        "PASSWORD": unquote(address.password or ""),
        "HOST": address.hostname or "",
        "PORT": address.port or "",
    }


SECRET_KEY = "for-benchmarks-only"
ALLOWED_HOSTS = ["127.0.0.1"]
DEBUG = False
ROOT_URLCONF = os.environ["BENCHMARK_URLCONF"]
INSTALLED_APPS = ["rest_framework", "django_filters"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.http.ConditionalGetMiddleware"]
DATABASES = {"default": {**_database(), "CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
APPEND_SLASH = False
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "ORDERING_PARAM": "sort",
}
