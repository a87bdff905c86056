"""What all refusals have in common. Each one stands beside the function that raises it."""

from typing import Any


class Refused(Exception):
    """
    A use case says no. `code` is for programs and never changes; the message is for people.

    `facts` travel with the answer (a position in line, the version that is current).
    """

    code = "refused"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts
