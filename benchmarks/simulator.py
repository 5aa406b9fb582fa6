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
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def state(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/simulator/state", timeout=30) as answer:
        return json.load(answer)


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


def opened(port, count):
    body = json.dumps({"prompt": "Hello", "stream": True, "max_tokens": 1_000_000, "ignore_eos": True}).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    poll = select.epoll()
    sockets = {}
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(head + body)
        connection.setblocking(False)
        sockets[connection.fileno()] = connection
        poll.register(connection.fileno(), select.EPOLLIN)
    return poll, sockets


def read_until(poll, sockets, end, buffer):
    """Reads everything that comes; the pause lets bytes of several tokens gather, so that the reader stays cheap."""
    total = 0
    while time.monotonic() < end:
        for descriptor, _ in poll.poll(0.05, 4096):
            total += sockets[descriptor].recv_into(buffer)
        time.sleep(0.02)
    return total


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
        poll, sockets = opened(port, arguments.streams)
        buffer = bytearray(1 << 20)
        # Over the start, when all streams are opened at once.
        read_until(poll, sockets, time.monotonic() + 2, buffer)
        before, begin, first = processor_seconds(process.pid), time.monotonic(), state(port)["events"]
        total = read_until(poll, sockets, begin + arguments.seconds, buffer)
        taken, elapsed = processor_seconds(process.pid) - before, time.monotonic() - begin
        events = state(port)["events"] - first
        for connection in sockets.values():
            connection.close()
        time.sleep(0.5)
        late = state(port)["late_ns"]
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
