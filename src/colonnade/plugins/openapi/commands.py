"""``colonnade openapi``: the document without a server, for generators of clients and for comparing versions."""

from __future__ import annotations

import json

import click

from colonnade.core.console import Invocation, pass_invocation


@click.command()
@click.option("--compact", is_flag=True, help="Write it on one line, as the server does.")
@pass_invocation
def openapi(invocation: Invocation, compact: bool) -> None:
    """Print the OpenAPI document of the application.

    It is the one that GET /openapi.json answers; nothing is served, and no database is needed.
    """
    from .document import build_document, encode

    document = build_document(invocation.registry)
    click.echo(
        encode(document).decode() if compact else json.dumps(document, ensure_ascii=False, indent=2, default=str)
    )
