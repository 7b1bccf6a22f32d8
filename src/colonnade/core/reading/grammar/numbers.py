"""Whole numbers in the query string."""

from __future__ import annotations

from .refusal import refused


def whole_number(text: str, parameter: str, least: int, most: int, of: str = "") -> int:
    """Read decimal digits from `least` to `most`, both included; `of` names an option before the message.

    Raises BadRequest.
    """
    if text.isascii() and text.isdigit() and len(text) <= 20:
        number = int(text)
        if least <= number <= most:
            return number
    raise refused(parameter, f"{of}must be a whole number from {least} to {most}", code="value")
