"""A wake-up that is acknowledged on a line that is gone by then does no harm."""

import pytest
from kombu import Connection, Queue
from kombu.transport.redis import Transport as Kombus
from redis.exceptions import ConnectionError

from config.broker import Transport

pytestmark = pytest.mark.fault


def take_and_lose(broker, transport):
    """A message of a channel that was closed, as when the line broke in the middle of a task."""
    with Connection(broker.url, transport=transport) as line:
        channel = line.channel()
        queue = Queue("celery", channel=channel)
        queue.declare()
        line.Producer(channel).publish({"look": 1}, routing_key="celery")
        message = queue.get()
        broker.process.kill()
        broker.process.wait()
        channel.close()
    return message


@pytest.mark.parametrize("answer", ["ack", "reject"])
def test_an_answer_after_the_line_is_closed_does_no_harm(broker, answer):
    getattr(take_and_lose(broker, Transport), answer)()


def test_with_kombus_own_it_would_end_the_worker(broker):
    with pytest.raises(ConnectionError):
        take_and_lose(broker, Kombus)
