"""What a log may not know: the links by which people, desks and the press come in."""

from __future__ import annotations

import logging
import re

# /r/<token>/ is a person's own page, /f/ what the calendar follows, /i/ an invited person's, /d/
# the head's of a delegation, /c/ a desk's, /n/ the press's; …/reset/key/<token>/ sets an
# organizer's password, ?code= is an access code. Whoever reads one can use it.
TOKEN = re.compile(r"(/(?:[rfidcn]|password/reset/key)/|[?&]code=)[^/\s?#&\"'<>]+")
_plain = logging.Formatter()


class WithoutTokens(logging.Filter):
    """Puts “…” for the token of a link, in the message and in the traceback below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True  # the handler tells whose message does not fit its arguments
        if TOKEN.search(message):
            record.msg, record.args = TOKEN.sub(r"\1…", message), ()
        if record.exc_info:
            text = record.exc_text or _plain.formatException(record.exc_info)
            record.exc_text = TOKEN.sub(r"\1…", text)
        return True
