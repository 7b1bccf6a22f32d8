"""Warnings that are no news to an operator."""

from __future__ import annotations

import warnings


def silence_imports() -> None:
    """Let Pyramid, PasteDeploy and webob import what they import without a word; pyproject.toml names their issues."""
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    warnings.filterwarnings("ignore", message="Deprecated call to .pkg_resources", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message="'cgi' is deprecated", category=DeprecationWarning)
