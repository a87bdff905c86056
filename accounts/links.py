"""
Links are keys: the token in a link is derived, so a later mail can carry it again.

token = HMAC-SHA-256(LINK_KEY, purpose | object | generation), cut to 160 bits. The
database keeps only its hash and the generation; a new generation revokes the old link.
"""

import base64
import hashlib
import hmac

from django.conf import settings

TOKEN_BYTES = 20


def token(purpose: str, identity: str, generation: int) -> str:
    """The token of one object's link: 32 characters, lower-case base32."""
    text = f"{purpose}|{identity}|{generation}".encode()
    digest = hmac.digest(settings.LINK_KEY.encode(), text, "sha256")
    return base64.b32encode(digest[:TOKEN_BYTES]).decode().lower()


def hashed(presented: str) -> bytes:
    """What the database keeps of a token. Tokens are random enough to need no salt."""
    return hashlib.sha256(presented.encode()).digest()
