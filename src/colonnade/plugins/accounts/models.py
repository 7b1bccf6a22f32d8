"""The tables of accounts: users, their roles, their tokens."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from colonnade.core.database import Model


def now() -> datetime:
    """This moment, with its zone."""
    return datetime.now(UTC)


class User(Model):
    """Somebody who may sign in. A user is deactivated rather than deleted: what they did stays theirs."""

    __tablename__ = "user_account"  # "user" is a word of SQL

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True, doc="What they are called here, in lower case.")
    active: Mapped[bool] = mapped_column(default=True, doc="Whether they may sign in, and their tokens are taken.")
    created: Mapped[datetime] = mapped_column(default=now)

    granted: Mapped[list[UserRole]] = relationship(cascade="all, delete-orphan", order_by="UserRole.role")

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of their roles, in order: ``("hr", "staff")``."""
        return tuple(each.role for each in self.granted)


class UserRole(Model):
    """A role that a user has. Roles are names: what one may do is said by the access control lists that name it."""

    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(50), primary_key=True)


class Token(Model):
    """A token, by which a program acts for a user. Of its secret only the hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(8), unique=True, doc="By which it is found and recognised; no secret.")
    hash: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the secret, hexadecimal.")
    label: Mapped[str] = mapped_column(String(200), default="", doc="What it is for.")
    narrowed: Mapped[str | None] = mapped_column(
        Text,
        doc="What it leaves of its owner's permissions, as the scope of RFC 6749, section 3.3: resource:permission, "
        "separated by spaces. Null: all of them.",
    )
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime | None] = mapped_column(doc="From this moment on it is refused. Null: never.")
    revoked: Mapped[datetime | None] = mapped_column(doc="When it was revoked; it is refused since.")
    last_used: Mapped[datetime | None] = mapped_column(doc="When it was last taken, to the precision of a setting.")

    user: Mapped[User] = relationship()
