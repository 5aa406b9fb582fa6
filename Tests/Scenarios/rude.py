"""Servers without manners, one for each way in which an answer can be wrong."""

import contextlib
import socket
import struct
import threading

EVENT = b'data: {"choices":[{"text":"a "}]}\n\n'
DONE = b'data: {"choices":[{"text":"","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = STREAM + b"transfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def unary(status, body, kind="application/json", **headers):
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


GOOD = CHUNKED + chunk(EVENT) + chunk(EVENT) + chunk(DONE) + b"0\r\n\r\n"
HUGE = b'data: {"choices":[{"text":"' + b"x" * (1 << 20) + b'"}]}\n\n'

# What is sent after each request; None ends the connection there, so does an answer whose end only closing shows.
ANSWERS = {
    "good": GOOD,
    "redirect": unary(302, b"{}", location="http://elsewhere/"),
    "html": unary(200, b"<html>hello</html>", "text/html"),
    "error-in-stream": CHUNKED + chunk(EVENT) + chunk(b'data: {"error":{"message":"CUDA out of memory"}}\n\n') + b"0\r\n\r\n",
    "error-first": CHUNKED + chunk(b'data: {"error":{"message":"no"}}\n\n') + b"0\r\n\r\n",
    "huge": CHUNKED + chunk(HUGE) + chunk(DONE) + b"0\r\n\r\n",
    "no-newline": STREAM + b"connection: close\r\n\r\n" + EVENT + b"data: [DONE]",
    "no-done": CHUNKED + chunk(EVENT) + b"0\r\n\r\n",
    "no-token": CHUNKED + chunk(DONE) + b"0\r\n\r\n",
    "truncated": CHUNKED + chunk(EVENT) + b"ff\r\n" + EVENT,
    "too-short": STREAM + b"content-length: 5000\r\n\r\n" + EVENT + DONE,
    "garbage": b"\x16\x03\x01 this is not HTTP\r\n\r\n",
    "nothing": b"",
    "429": unary(429, b'{"error":{"message":"slow down"}}', retry_after="1"),
    "503": unary(503, b'{"error":{"message":"loading"}}'),
    "500": unary(500, b'{"error":{"message":"oops"}}'),
    "404": unary(404, b'{"error":{"message":"no such model"}}'),
}
CLOSES = {"no-newline", "truncated", "too-short", "garbage", "nothing"}


class RudeServer:
    """Answers every request in one way; `reset_every` resets each k-th connection instead."""

    def __init__(self, answer="good", reset_every=0, tls=None):
        self.answer, self.closes = ANSWERS[answer], answer in CLOSES
        self.reset_every, self.tls = reset_every, tls
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.reset_every and self.accepted % self.reset_every == 0:
                # A close with unsent urgency: the kernel sends RST in place of FIN.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                continue
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                pending = b""
                while True:
                    while b"\r\n\r\n" not in pending:
                        more = connection.recv(65536)
                        if not more:
                            return
                        pending += more
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    length = next(
                        (int(line.split(b":")[1]) for line in head.split(b"\r\n")
                         if line.lower().startswith(b"content-length:")), 0)
                    while len(pending) < length:
                        pending += connection.recv(65536)
                    pending = pending[length:]
                    connection.sendall(self.answer)
                    if self.closes:
                        return

    def close(self):
        # shutdown wakes the thread that waits in accept; close alone would not.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
