"""Who knocks: the address of a visitor behind the proxies that this installation trusts."""

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_LIMIT = 300


def address(request: HttpRequest) -> str:
    """The IP address, counted back over TRUSTED_PROXIES entries of X-Forwarded-For."""
    trusted: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if trusted and len(hops) >= trusted and hops[-trusted]:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def user_agent(request: HttpRequest) -> str:
    """What the browser calls itself, cut to what a consent keeps of it."""
    return request.headers.get("User-Agent", "")[:USER_AGENT_LIMIT]
