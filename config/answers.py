"""Answers that several pages give."""

from typing import Any

from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url


class SeeOther(HttpResponseRedirect):
    """After a POST: look there. 303 makes every client look, and never post again."""

    status_code = 303


def see_other(to: str, *args: Any, **kwargs: Any) -> SeeOther:
    """Send the visitor on after something was done. `to` is a URL or a URL's name."""
    return SeeOther(resolve_url(to, *args, **kwargs))
