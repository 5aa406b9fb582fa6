#!/usr/bin/env python3
"""How much of a core the simulator takes for its streams, and how late its tokens are.

usage: simulator.py PROGRAM [--streams 2000] [--rate 50] [--seconds 10]

Starts `PROGRAM simulate`, opens the streams over bare sockets and reads them without looking at what they say, so that
the reader is cheaper than what it measures. Processor time is the simulator's own, from /proc; lateness and totals are
those of /simulator/state. Standard library only.
"""

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def state(port, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/simulator/state", method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def state_while_reading(port, streams, method="GET"):
    """A reader that stops makes the kernel squeeze thousands of full receive buffers, at the writer's expense."""
    found = {}
    asking = threading.Thread(target=lambda: found.update(state(port, method)))
    asking.start()
    while asking.is_alive():
        streams.read(0.05)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(program, port, rate):
    process = subprocess.Popen(
        [program, "simulate", "--model", "m", "--listen", f"127.0.0.1:{port}", "--ttft", "100ms"]
        + ["--itl", f"{1000 // rate}ms"],
        stderr=subprocess.DEVNULL,
    )
    for _ in range(200):
        try:
            state(port)
            return process
        except OSError:
            time.sleep(0.05)
    sys.exit("the simulator does not answer")


class Streams:
    """Many open streams, read without a look at what they say."""

    def __init__(self, port):
        self.port = port
        self.poll = select.epoll()
        self.sockets = {}
        self.buffer = bytearray(1 << 20)
        body = {"prompt": "Hello", "stream": True, "max_tokens": 1_000_000, "ignore_eos": True}
        text = json.dumps(body)
        self.request = f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()

    def open(self, count, seconds):
        """Spread over the time, so that not all tokens are due at once."""
        begin = time.monotonic()
        while len(self.sockets) < count:
            wanted = min(count, int((time.monotonic() - begin) / seconds * count) + 1)
            while len(self.sockets) < wanted:
                connection = socket.create_connection(("127.0.0.1", self.port))
                connection.sendall(self.request)
                connection.setblocking(False)
                self.sockets[connection.fileno()] = connection
                self.poll.register(connection.fileno(), select.EPOLLIN)
            self.read(0.01)

    def read(self, seconds):
        """Reads all that comes; the pause lets several tokens gather, so that the reader stays cheap."""
        end = time.monotonic() + seconds
        total = 0
        while True:
            for descriptor, _ in self.poll.poll(0, 4096):
                total += self.sockets[descriptor].recv_into(self.buffer)
            rest = end - time.monotonic()
            if rest <= 0:
                return total
            time.sleep(min(rest, 0.02))

    def close(self):
        for connection in self.sockets.values():
            connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=50, help="tokens a second and stream")
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    port = free_port()
    process = started(arguments.program, port, arguments.rate)
    try:
        streams = Streams(port)
        streams.open(arguments.streams, seconds=2)
        streams.read(1)
        first = state_while_reading(port, streams, "DELETE")["events"]
        before, begin = processor_seconds(process.pid), time.monotonic()
        total = streams.read(arguments.seconds)
        taken, elapsed = processor_seconds(process.pid) - before, time.monotonic() - begin
        last = state_while_reading(port, streams)
        # The counts were taken a little before and after the clock.
        events = (last["events"] - first) * elapsed / (time.monotonic() - begin)
        late = last["late_ns"]
        streams.close()
        print(
            json.dumps(
                {
                    "streams": arguments.streams,
                    "events_per_second": round(events / elapsed),
                    "asked_per_second": arguments.streams * arguments.rate,
                    "bytes_per_second": round(total / elapsed),
                    "core": round(taken / elapsed, 3),
                    "events_per_core_second": round(events / taken),
                    "late_ms": {key: round(value / 1e6, 2) for key, value in late.items()},
                }
            )
        )
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
