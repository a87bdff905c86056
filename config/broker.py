"""
The line to Redis, for workers that outlive it.

What a broker carries here is a wake-up: one that is lost is said again by the next sweep. kombu
(5.7) takes it more seriously. A task that ends after its line has broken is acknowledged on a
channel that is closed by then, and what was taken is put back through the line that has just
broken: either ends the worker, with everything it has at hand.
"""

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """One that may be closed before its tasks end: their wake-ups come back by themselves."""

    # Not on closing: after `visibility_timeout`, for whoever takes messages then.
    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple=multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue=requeue)


class Transport(redis.Transport):
    Channel = Channel


def take_over() -> None:
    """Let redis:// and rediss:// mean this line, in this process."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
