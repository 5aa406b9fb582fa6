#!/usr/bin/env python3
"""A TCP proxy that breaks connections on purpose: what a network, a dying engine or a bad middlebox does to bytes.

    proxy = FaultProxy(engine_port)
    proxy.inject(Fault("reset", events=5, times=1))      # RST behind the fifth event of the next answer
    proxy.clear()

Faults are switched while connections are open. Those of an answer strike at a place in it: `byte` from its first one,
head included, or `events` of its stream (0: right behind the head). `times` is counted over all proxies that share the
fault, so that of two backends exactly one fails, whichever is asked. By hand, with a fault a line on standard input:

    faultproxy.py --upstream 9001 --listen 9101          then: reset events=5 times=1 | clear | state
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import socket
import struct
import sys
import threading

LISTENER = {"refuse", "blackhole"}
PLACED = {"reset", "cut", "half_close", "stall", "corrupt"}
SHAPED = {"latency", "bandwidth", "slice"}
REQUEST = {"answer"}
KINDS = LISTENER | PLACED | SHAPED | REQUEST


@dataclasses.dataclass(eq=False)
class Fault:
    """What goes wrong.

    refuse: nobody listens. blackhole: connections are neither accepted nor refused. reset, cut: the answer ends there
    with RST, or FIN. half_close: FIN, and the other direction stays open. stall: nothing more comes, for ever or for
    `delay`. corrupt: `length` bytes are flipped. latency: every piece is late by `delay`. bandwidth: `rate` bytes/s.
    slice: writes of `size` bytes. answer: `payload` at once, before the request's body is read, then no more reading.
    """

    kind: str
    byte: int = 0
    events: int | None = None
    delay: float | None = None
    length: int = 1
    rate: int = 1000
    size: int = 1
    payload: bytes = b""
    times: int | None = None
    # Only requests that begin so; a probe is left in peace.
    match: bytes = b"POST "
    # Only connections that have carried a request before.
    reused: bool = False
    hits: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(sorted(KINDS))}")

    @classmethod
    def parse(cls, text):
        """`reset events=5 times=1`"""
        kind, *pairs = text.split()
        known = {field.name: field.type for field in dataclasses.fields(cls)}
        values = {}
        for name, _, value in (pair.partition("=") for pair in pairs):
            if name not in known:
                raise ValueError(f"unknown key {name!r}; known: {', '.join(known)}")
            if known[name] is bytes:
                values[name] = value.encode()
            elif known[name] is bool:
                values[name] = value == "true"
            else:
                values[name] = float(value) if known[name] == float | None else int(value)
        return cls(kind, **values)

    def takes(self, data, reused):
        if self.kind in LISTENER or not data.startswith(self.match) or (self.reused and not reused):
            return False
        return self.times is None or self.hits < self.times


class Answer:
    """Where in an answer its bytes stand: finds the place of a fault however the bytes are split."""

    def __init__(self):
        self.bytes = self.events = 0
        self.in_head, self.tail = True, b""

    def advance(self, data, fault=None):
        """Reads on; the index in `data` where the fault strikes, if it does."""
        start, place = self.bytes, None
        if fault is not None and fault.events is None and start <= fault.byte < start + len(data):
            place = fault.byte - start
        self.bytes += len(data)
        window, offset = self.tail + data, len(self.tail)
        at = 0
        while True:
            mark = b"\r\n\r\n" if self.in_head else b"\n\n"
            found = window.find(mark, at)
            if found < 0:
                break
            at = found + len(mark)
            self.events += 0 if self.in_head else 1
            self.in_head = False
            if fault is not None and fault.events == self.events and place is None:
                place = at - offset
        # What may be the beginning of a mark, and nothing that was counted.
        self.tail = window[at:][-3:]
        return place


class Link:
    """One connection from the client and its counterpart to the upstream."""

    def __init__(self, proxy, reader, writer, up_reader, up_writer):
        self.proxy, self.reader, self.writer = proxy, reader, writer
        self.up_reader, self.up_writer = up_reader, up_writer
        self.fault, self.requests, self.place = None, 0, Answer()
        self.ended = asyncio.Event()
        for side in (writer, up_writer):
            # Written is sent: a fault's place is exact.
            side.transport.set_write_buffer_limits(high=0)

    async def run(self):
        pumps = [asyncio.ensure_future(self.carry_requests()), asyncio.ensure_future(self.carry_answers())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.writer.transport.abort() if self.ended.is_set() else self.writer.close()
            self.up_writer.close()

    async def carry_requests(self):
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65536):
                await self.take_request(data)
                self.up_writer.write(data)
                await self.up_writer.drain()

    async def take_request(self, data):
        begins = data.split(b" ", 1)[0] in (b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS")
        if not begins:
            return
        self.place = Answer()
        self.fault = self.proxy.draw(data, reused=self.requests > 0)
        self.requests += 1
        if self.fault is not None and self.fault.kind == "answer":
            self.writer.write(self.fault.payload)
            await self.writer.drain()
            # Reads no more, as a server that has said what it wanted to say.
            await asyncio.Event().wait()

    async def carry_answers(self):
        with contextlib.suppress(ConnectionError):
            while data := await self.up_reader.read(65536):
                await self.deliver(data)

    async def deliver(self, data):
        fault = self.fault
        if fault is None or fault.kind in SHAPED:
            self.place.advance(data)
            await (self.send(data) if fault is None else self.shape(fault, data))
            return
        place = self.place.advance(data, fault)
        if place is None:
            await self.send(data)
            return
        await self.send(data[:place])
        await self.strike(fault, data[place:])

    async def strike(self, fault, rest):
        if fault.kind == "corrupt":
            # What is flipped lies within what is here: a place for a test is chosen so.
            rest = bytes(b ^ 0xFF for b in rest[: fault.length]) + rest[fault.length:]
        elif fault.kind == "reset":
            self.reset()
        elif fault.kind == "half_close":
            self.writer.write_eof()
            await self.ended.wait()
        elif fault.kind == "stall":
            await (asyncio.sleep(fault.delay) if fault.delay is not None else self.ended.wait())
        if fault.kind in ("reset", "cut"):
            raise ConnectionAbortedError
        if self.fault is fault:
            self.fault = None
        await self.deliver(rest)

    async def shape(self, fault, data):
        if fault.kind == "latency":
            await asyncio.sleep(fault.delay or 0)
            await self.send(data)
            return
        size = fault.size if fault.kind == "slice" else max(1, fault.rate // 20)
        for start in range(0, len(data), size):
            await self.send(data[start:start + size])
            await asyncio.sleep(0 if fault.kind == "slice" else size / fault.rate)

    async def send(self, data):
        if data:
            self.writer.write(data)
            await self.writer.drain()

    def reset(self):
        """The kernel says RST in place of FIN for a socket that lingers for no time."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.ended.set()
        self.writer.transport.abort()


class Background:
    """One event loop in a thread for all proxies, so that faults need no lock."""

    _shared = None

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    @classmethod
    def shared(cls):
        cls._shared = cls._shared or cls()
        return cls._shared

    def call(self, function, *arguments):
        """Runs a function in the loop and returns what it returns; raises what it raises."""
        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


class FaultProxy:
    """Listens on `port` of 127.0.0.1 and carries bytes to `upstream`, another port there, as faults let it."""

    def __init__(self, upstream, port=0):
        self.upstream, self.port = upstream, port
        self.faults, self.links, self.accepted, self.most_open = [], set(), 0, 0
        self._listener, self._fillers, self._tasks = None, [], set()
        self._background = Background.shared()
        self._background.call(self._listen)

    # Used from tests, in any thread

    def inject(self, fault, now=False):
        """Adds a fault and returns it; `now`: also for answers that are under way, counted from their next byte."""
        self._background.call(self._inject, fault, now)
        return fault

    def clear(self):
        """Ends all faults; connections that one has caught stay as they are."""
        self._background.call(self._clear)

    def reset_open(self):
        """RST on every open connection."""
        self._background.call(lambda: [link.reset() for link in list(self.links)])

    def close(self):
        self._background.call(self._close)

    @property
    def open(self):
        """Connections that are open now."""
        return len(self.links)

    # In the loop

    def draw(self, data, reused):
        """The fault that this request gets, if any."""
        for fault in self.faults:
            if fault.takes(data, reused):
                fault.hits += 1
                return fault
        return None

    def _listen(self):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(1024)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._background.loop.add_reader(self._listener, self._accept)

    def _accept(self):
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                self.accepted += 1
                task = asyncio.ensure_future(self._serve(connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        reader, writer = await asyncio.open_connection(sock=connection)
        link = Link(self, reader, writer, up_reader, up_writer)
        self.links.add(link)
        self.most_open = max(self.most_open, len(self.links))
        try:
            await link.run()
        finally:
            self.links.discard(link)

    def _inject(self, fault, now):
        self.faults.append(fault)
        if fault.kind == "refuse":
            self._stop_listening()
        elif fault.kind == "blackhole":
            self._fill()
        for link in self.links if now else ():
            fault.hits += 1
            link.fault, link.place = fault, Answer()
            link.place.in_head = False

    def _fill(self):
        """The kernel drops SYNs to a listener whose backlog is full."""
        self._background.loop.remove_reader(self._listener)
        self._listener.listen(0)
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def _clear(self):
        had = {fault.kind for fault in self.faults}
        self.faults = []
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        if "refuse" in had:
            self._listen()
        elif "blackhole" in had:
            self._listener.listen(1024)
            self._background.loop.add_reader(self._listener, self._accept)

    def _stop_listening(self):
        self._background.loop.remove_reader(self._listener)
        self._listener.close()

    def _close(self):
        for filler in self._fillers:
            filler.close()
        with contextlib.suppress(ValueError, OSError):
            self._stop_listening()
        for task in list(self._tasks):
            task.cancel()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--listen", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    options = parser.parse_args()
    proxy = FaultProxy(options.upstream, options.listen)
    print(json.dumps({"port": proxy.port}), flush=True)
    for line in sys.stdin:
        try:
            if line.strip() == "clear":
                proxy.clear()
            elif line.strip() not in ("", "state"):
                proxy.inject(Fault.parse(line))
            faults = {fault.kind: fault.hits for fault in proxy.faults}
            print(json.dumps({"open": proxy.open, "accepted": proxy.accepted, "hits": faults}), flush=True)
        except ValueError as error:
            print(json.dumps({"error": str(error)}), flush=True)


if __name__ == "__main__":
    main()
