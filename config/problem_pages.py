"""The page behind a problem's type URI."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.problem_words import WORDS
from config.problems import STATUS_OF


@require_safe
def explanation(request: HttpRequest, kind: str) -> HttpResponse:
    """What a problem of the API means and what to do about it."""
    code = kind.replace("-", "_")
    if code not in WORDS:
        raise Http404
    title, advice = WORDS[code]
    facts = {"code": code, "title": title, "advice": advice, "status": STATUS_OF[code]}
    return render(request, "api/problem.html", facts)
