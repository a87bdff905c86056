"""A signed mark of when a form was drawn: programs fill forms in quicker than people."""

from django.core import signing

# What a human cannot be quicker than, and how long a page may lie open (seconds).
MIN_SECONDS = 1
SALT = "registration form"


def new() -> str:
    """A signed mark of when the form was drawn."""
    return signing.dumps("", salt=SALT)


def ripened(stamp: str) -> tuple[bool, str]:
    """
    Whether the form lay open as long as somebody needs, and the stamp to draw it with again.

    A stamp that is only young ripens by itself; one that is broken or was made with a key
    we have no longer is replaced, so that pressing the button again is always enough.
    """
    try:
        signing.loads(stamp, salt=SALT, max_age=MIN_SECONDS)
    except signing.SignatureExpired:
        return True, stamp
    except signing.BadSignature:
        return False, new()
    return False, stamp
