"""The table of answers that are kept for repeats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from colonnade.core.database import Model


class KeptAnswer(Model):
    """What a request with an Idempotency-Key was answered: that and no more, for keys and bodies are kept as hashes."""

    __tablename__ = "idempotent_answer"

    name: Mapped[str] = mapped_column(String(64), primary_key=True, doc="SHA-256 of user, token and key.")
    fingerprint: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the request.")
    rights: Mapped[str] = mapped_column(String(64), doc="SHA-256 of what the policy knew of who asked.")
    status: Mapped[int]
    headers: Mapped[list[list[str]]] = mapped_column(JSON, doc="Pairs of name and value.")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(index=True)
