"""A mail server that takes everything and keeps nothing: the fastest other side there is."""

from __future__ import annotations

import asyncio
import sys


class Sink(asyncio.Protocol):
    """Knows where a dialogue stands by its first four letters, and where words end by a dot."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.tail = b""
        self.in_words = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        if self.in_words:
            # The end may be cut in two by the network.
            self.tail = (self.tail + data)[-5:]
            if self.tail == b"\r\n.\r\n":
                self.in_words = False
                self.transport.write(b"250 2.0.0 taken\r\n")
            return
        verb = data[:4].upper()
        if verb == b"DATA":
            self.in_words, self.tail = True, b""
            self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 ok\r\n")


async def main() -> None:
    """Serve on a free port, which the first line of the output names."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
