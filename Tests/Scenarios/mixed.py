"""Traffic of every kind at once, good and bad, for as long as one likes: what a gateway sees in a year, in a minute."""

import contextlib
import random
import socket
import threading
import time

from stack import http
from streams import request, stream

# Each for one request alone, so that the engines are well again at once.
FAULTS = [
    "cut after=3", "reset after=3", "reset after=0", "error-event after=3", "error-event after=0", "empty", "html",
    "garbage", "no-done", "error status=500", "overload status=503", "short-length bytes=5", "huge-event after=1",
]


class Traffic:
    """`workers` threads, each asking one thing after the other until `stop`; counts what was asked and what failed.

    Only requests without a fault of their own can fail here: what a fault costs is another exam.
    """

    def __init__(self, port, workers=8, seed=1):
        self.port, self.counts, self.failures = port, {}, []
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(random.Random(seed + i),)) for i in range(workers)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def total(self):
        return sum(self.counts.values())

    def _work(self, chance):
        kinds = [self._unary, self._stream, self._chat, self._leave, self._faulty, self._rude, self._wrong]
        while not self._stopping.is_set():
            kind = chance.choices(kinds, [4, 4, 4, 2, 3, 1, 1])[0]
            try:
                failure = kind(chance)
            except OSError as error:
                failure = repr(error)
            with self._lock:
                name = kind.__name__.strip("_")
                self.counts[name] = self.counts.get(name, 0) + 1
                if failure:
                    self.failures.append(f"{name}: {failure}")

    def _prompt(self, chance):
        return " ".join(str(chance.random()) for _ in range(chance.choice([1, 10, 300])))

    def _unary(self, chance):
        answer = http(
            f"http://127.0.0.1:{self.port}/v1/completions", {"model": "m", "prompt": self._prompt(chance)}, 60)
        return None if answer and answer.status == 200 else answer.text if answer else "no answer"

    def _stream(self, chance, chat=False):
        answer = stream(self.port, self._prompt(chance), chat=chat)
        return None if answer.is_good else repr(answer)

    def _chat(self, chance):
        return self._stream(chance, chat=True)

    def _leave(self, chance):
        wanted = chance.randint(0, 4)
        stream(self.port, self._prompt(chance), enough=lambda answer: len(answer.events) >= wanted)

    def _faulty(self, chance):
        stream(self.port, self._prompt(chance), headers={"x-simulator-fault": chance.choice(FAULTS)})

    def _rude(self, chance):
        noise = chance.choice([b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nhost : x\r\n\r\n", b"POST /v1/comp"])
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(noise)
            if noise.endswith(b"\n"):
                connection.recv(4096)

    def _wrong(self, chance):
        body = {"model": chance.choice(["m", "nobody"]), "prompt": self._prompt(chance), "stream": "perhaps"}
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            message = request(body)
            connection.sendall(message[:chance.randint(1, len(message))])


def resident_kib(pid):
    """Of one process, as the kernel counts it."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def watch(pid, seconds, every=0.5):
    """Pairs of time and resident KiB."""
    began, samples, pause = time.monotonic(), [], threading.Event()
    while (now := time.monotonic() - began) < seconds:
        samples.append((now, resident_kib(pid)))
        pause.wait(every)
    return samples


def slope(samples):
    """KiB a second, by least squares."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0
