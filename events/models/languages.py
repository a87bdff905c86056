"""Texts in two languages: which of them the reader gets."""

from __future__ import annotations

from django.utils.translation import get_language


def in_language(main: str, alt: str, *, main_language: str) -> str:
    """The text for the reader: the main one, or the second where it suits and is filled in."""
    return alt if alt and (get_language() or "")[:2] != main_language[:2] else main


def shortened(title: str) -> str:
    """A title of at most 40 characters, cut between words."""
    if len(title) <= 40:
        return title
    return title[:39].rpartition(" ")[0].rstrip(" ,;—–-") + "…"
