"""
A TCP proxy that is a bad network: it refuses, swallows, delays, throttles, cuts and resets.

One fault at a time, which may be changed while connections are open; each new connection is
struck with the fault's probability, drawn from a seed, so that a failing run can be repeated.
"""

import asyncio
import random
import re
import socket
import struct
import threading
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    What happens to a connection that is struck.

    `blackhole`: nothing gets through any more, and nobody is told. `delay`: seconds for each
    piece. `bytes_per_second`: throttled. `cut_after` so many bytes of the client, or `cut_on`
    a regular expression in what `side` says ("client" or "server"): then the connection ends
    as `how` says, "fin", "rst" or "half" (no more words to the client, but still an ear).
    With `swallows`, the piece in which that happens does not arrive.
    """

    blackhole: bool = False
    delay: float = 0.0
    bytes_per_second: float = 0.0
    cut_after: int | None = None
    cut_on: bytes | None = None
    side: str = "client"
    how: str = "fin"
    swallows: bool = False
    probability: float = 1.0


PASS = Fault()
BLACKHOLE = Fault(blackhole=True)


class Proxy:
    """Stands before 127.0.0.1:target on a port of its own; `fault` may be set at any time."""

    def __init__(self, target: int, *, fault: Fault = PASS, seed: int = 0) -> None:
        self.fault = fault
        self.connections = self.struck = self.cuts = 0
        self._target = target
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        # Bound, so that nobody else gets the port while it refuses.
        self.port = 0
        self.listen()

    def listen(self) -> None:
        """Take connections (again)."""
        self._do(self._listen())

    def refuse(self) -> None:
        """Refuse new connections and reset those that are open."""
        self._do(self._refuse())

    def hang_up(self, how: str = "rst") -> None:
        """End what is open, and go on taking connections."""
        self._do(self._hang_up(how))

    def close(self) -> None:
        self._do(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._hang_up("rst")

    async def _hang_up(self, how: str) -> None:
        for link in list(self._links):
            link.end(how)
        await asyncio.sleep(0)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        struck = self._chance.random() < self.fault.probability
        self.struck += struck and self.fault != PASS
        link = _Link(self, writer, struck=struck)
        self._links.add(link)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
            link.there = there[1]
            pumps = [
                asyncio.create_task(link.pump("client", reader, there[1])),
                asyncio.create_task(link.pump("server", there[0], writer)),
            ]
            await asyncio.wait(pumps)
        except OSError:
            pass
        finally:
            link.end("fin")
            self._links.discard(link)


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, here: asyncio.StreamWriter, *, struck: bool) -> None:
        self._proxy = proxy
        self._struck = struck
        self._said = {"client": b"", "server": b""}
        self._counted = 0
        self._is_half = False
        self.here = here
        self.there: asyncio.StreamWriter | None = None

    @property
    def fault(self) -> Fault:
        return self._proxy.fault if self._struck else PASS

    async def pump(self, side, source, sink) -> None:
        try:
            while piece := await source.read(65536):
                piece = await self._suffer(side, piece)
                if piece is None:
                    return
                if not (self._is_half and side == "server"):
                    sink.write(piece)
                    await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        except OSError:
            self.end("fin")

    async def _suffer(self, side: str, piece: bytes) -> bytes | None:
        """The piece as it goes on, or None where the connection is over."""
        fault = self.fault
        while self.fault.blackhole:
            await asyncio.sleep(0.05)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.bytes_per_second:
            await asyncio.sleep(len(piece) / fault.bytes_per_second)
        keep = self._cut_at(side, piece, fault)
        if keep is None:
            return piece
        self._proxy.cuts += 1
        sink = self.there if side == "client" else self.here
        if sink is not None and not fault.swallows:
            sink.write(piece[:keep])
            await sink.drain()
        if fault.how == "half":
            self._is_half = True
            self.here.write_eof()
            return piece[keep:]
        self.end(fault.how)
        return None

    def _cut_at(self, side: str, piece: bytes, fault: Fault) -> int | None:
        """Where in this piece the connection ends; None where it goes on."""
        if self._is_half or side != fault.side:
            return None
        if fault.cut_after is not None:
            room = fault.cut_after - self._counted
            self._counted += len(piece)
            return max(0, room) if room < len(piece) else None
        if fault.cut_on is not None:
            before = len(self._said[side])
            self._said[side] += piece
            if found := re.search(fault.cut_on, self._said[side]):
                return max(0, found.end() - before)
        return None

    def end(self, how: str) -> None:
        for writer in (self.here, self.there):
            if writer is None or writer.transport.is_closing():
                continue
            if how == "rst":
                there = writer.get_extra_info("socket")
                there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
