"""Many clients with patience, in one thread: they come by a schedule, hang up when they have waited too long, and come back.

Open loop: who comes does not wait for who came before. That is what makes an overload, and what a pool of threads that ask
one after the other cannot show.
"""

import asyncio
import dataclasses
import itertools
import json
import threading
import time


@dataclasses.dataclass
class Visit:
    """One client's request, all of its attempts included."""

    came: float
    ended: float = 0.0
    statuses: list = dataclasses.field(default_factory=list)

    @property
    def is_good(self):
        return bool(self.statuses) and self.statuses[-1] == 200


class Crowd:
    """Clients that ask a gateway, each over a connection of its own.

    - patience: seconds that a client waits for one answer.
    - returns: how often it comes back, after `Retry-After` (or half a second), or half a second after it has hung up. That is
      what OpenAI's clients do.
    """

    def __init__(self, port, patience=10.0, returns=2, model="m", clients=None, **fields):
        self.port, self.patience, self.returns = port, patience, returns
        self.visits, self.clients = [], clients
        self.body = {"model": model, "prompt": "hello", **fields}
        self.began = 0.0

    def run(self, *phases):
        """Each phase is (seconds, clients a second); waits for the last answer. In a thread of its own with `start`."""
        asyncio.run(self._run(phases))
        return self

    def start(self, *phases):
        self.thread = threading.Thread(target=self.run, args=phases)
        self.thread.start()
        return self

    def join(self, timeout=300):
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "clients are still there"
        return self

    async def _run(self, phases):
        self.began = time.monotonic()
        due, tasks = self.began, []
        for number, due in enumerate(self._schedule(phases)):
            await asyncio.sleep(max(0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self._visit(number, due)))
        await asyncio.gather(*tasks)

    def _schedule(self, phases):
        start = self.began
        for seconds, rate in phases:
            yield from itertools.takewhile(
                lambda due, end=start + seconds: due < end, (start + i / rate for i in range(int(seconds * rate) + 1)))
            start += seconds

    async def _visit(self, number, due):
        visit = Visit(due)
        self.visits.append(visit)
        for attempt in range(self.returns + 1):
            status, pause = await self._ask(number)
            visit.statuses.append(status)
            visit.ended = time.monotonic()
            if status == 200 or attempt == self.returns:
                return
            await asyncio.sleep(pause)

    async def _ask(self, number):
        """The status, and how long to stay away; 0 for a client that has hung up, -1 for no answer."""
        try:
            async with asyncio.timeout(self.patience):
                return await self._exchange(number)
        except TimeoutError:
            return 0, 0.5
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return -1, 0.5

    async def _exchange(self, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            text = json.dumps(self.body).encode()
            key = number if self.clients is None else number % self.clients
            writer.write(
                b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
                + f"authorization: Bearer client-{key}\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            if "content-length" in fields:
                await reader.readexactly(int(fields["content-length"]))
            else:
                await reader.read()
            return int(head.split(" ")[1]), float(fields.get("retry-after", 0.5))
        finally:
            writer.transport.abort()

    def good(self, start, end):
        """Good answers a second between two moments after the beginning."""
        found = sum(v.is_good and start <= v.ended - self.began < end for v in self.visits)
        return found / (end - start)
