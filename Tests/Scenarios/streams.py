"""A client that reads streams with care: each event and comment, when it came, and how the answer ended."""

import concurrent.futures
import json
import socket
import threading
import time


class StreamAnswer:
    """What a streaming client got."""

    def __init__(self):
        self.status, self.headers, self.body = None, {}, b""
        self.events, self.comments, self.arrivals = [], [], []
        # How many events came before the comments that say `continued`.
        self.seam_places = []
        # Whether the last chunk came: a broken answer must not look like a whole one.
        self.is_whole = False
        self.first_byte = None
        # Why the client stopped reading before the end.
        self.trouble = None

    @property
    def text(self):
        return "".join(self.pieces)

    @property
    def pieces(self):
        """The text of each event, empty for those that have none."""
        return [piece(decoded(event)) for event in self.events]

    @property
    def payloads(self):
        return [decoded(e) for e in self.events if e != "[DONE]"]

    @property
    def ids(self):
        return {e["id"] for e in self.payloads if "id" in e}

    @property
    def roles(self):
        return [e["choices"][0]["delta"]["role"] for e in self.payloads
                if e.get("choices") and (e["choices"][0].get("delta") or {}).get("role")]

    @property
    def finish(self):
        return [c["finish_reason"] for e in self.payloads for c in e.get("choices", []) if c.get("finish_reason")]

    @property
    def usage(self):
        return [e["usage"] for e in self.payloads if e.get("usage")]

    @property
    def errors(self):
        return [e["error"] for e in self.payloads if "error" in e]

    @property
    def done(self):
        return self.events.count("[DONE]")

    @property
    def seams(self):
        return [c for c in self.comments if c.startswith("stoker: continued on ")]

    @property
    def keep_alives(self):
        return [c for c in self.comments if c == "keep-alive"]

    @property
    def is_good(self):
        """A stream that nobody could complain about."""
        return (self.status == 200 and self.is_whole and self.done == 1 and not self.errors and len(self.finish) == 1
                and self.events[-1] == "[DONE]" and len(self.ids) == 1 and all(self.payloads))

    def __repr__(self):
        return f"{self.status}, {self.trouble}, whole {self.is_whole}, comments {self.comments}, body {self.body[-700:]!r}"


def decoded(event):
    """The JSON of an event; empty for the end mark and for what is none, such as half an event."""
    try:
        return json.loads(event)
    except ValueError:
        return {}


def piece(event):
    """The text in one event of a completion or a chat."""
    choice = (event.get("choices") or [{}])[0]
    return choice.get("text") or (choice.get("delta") or {}).get("content") or ""


class Malformed(Exception):
    """The answer is not framed as HTTP has it."""


class Reader:
    """Reads one answer from a socket."""

    def __init__(self, connection, answer):
        self.connection, self.answer, self.pending, self.line = connection, answer, b"", b""
        self.data = []

    def more(self):
        received = self.connection.recv(65536)
        if not received:
            raise EOFError
        self.pending += received

    def until(self, mark):
        while mark not in self.pending:
            self.more()
        found, _, self.pending = self.pending.partition(mark)
        return found

    def exactly(self, count):
        while len(self.pending) < count:
            self.more()
        found, self.pending = self.pending[:count], self.pending[count:]
        return found

    def chunk_size(self):
        line = self.until(b"\r\n").split(b";")[0]
        try:
            return int(line, 16)
        except ValueError:
            raise Malformed(f"{line[:20]!r} is no chunk size") from None

    def run(self, enough=None):
        self.more()
        self.answer.first_byte = time.monotonic()
        line, *fields = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.answer.status = int(line.split(" ")[1])
        self.answer.headers = {n.lower(): v.strip() for n, _, v in (f.partition(":") for f in fields)}
        if self.answer.headers.get("transfer-encoding") == "chunked":
            while (size := self.chunk_size()) and not (enough and enough(self.answer)):
                self.take(self.exactly(size))
                if self.exactly(2) != b"\r\n":
                    raise Malformed("a chunk does not end with its line end")
            self.answer.is_whole = size == 0 and self.exactly(2) == b"\r\n"
        elif "content-length" in self.answer.headers:
            self.take(self.exactly(int(self.answer.headers["content-length"])))
            self.answer.is_whole = True
        else:
            while not (enough and enough(self.answer)):
                self.more()
                self.take(self.exactly(len(self.pending)))

    def take(self, data):
        self.answer.body += data
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            self.take_line(line.removesuffix(b"\r").decode())

    def take_line(self, line):
        if line.startswith(":"):
            self.answer.comments.append(line[1:].strip())
            if self.answer.comments[-1].startswith("stoker: continued"):
                self.answer.seam_places.append(len(self.answer.events))
        elif line.startswith("data:"):
            self.data.append(line[5:].removeprefix(" "))
        elif not line and self.data:
            self.answer.events.append("\n".join(self.data))
            self.answer.arrivals.append(time.monotonic())
            self.data = []


def request(body, path="/v1/completions", headers=None):
    """The bytes of a POST."""
    text = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(text)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + text


def stream(port, prompt="hello", timeout=60.0, headers=None, chat=False, enough=None, started=None, **fields):
    """Asks for a stream and reads it to its end, or until `enough(answer)`, at which the client leaves.

    A broken connection and a silent one are no exceptions: `is_whole` says whether the answer ended as it should, and
    `trouble` what ended it.
    """
    question = {"messages": [{"role": "user", "content": prompt}]} if chat else {"prompt": prompt}
    body = {"model": "m", "stream": True, **question, **fields}
    answer = StreamAnswer()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall(request(body, "/v1/chat/completions" if chat else "/v1/completions", headers))
            if started:
                started()
            Reader(connection, answer).run(enough)
    except (EOFError, ConnectionError, TimeoutError, Malformed) as error:
        answer.trouble = repr(error)
    return answer


class Streams:
    """`count` streams at once, prompts `stream 0` and on."""

    def __init__(self, port, count, **fields):
        self.pool = concurrent.futures.ThreadPoolExecutor(count)
        self.together = threading.Barrier(count)
        self.futures = [self.pool.submit(self.run, port, i, fields) for i in range(count)]

    def run(self, port, number, fields):
        self.together.wait(60)
        return stream(port, f"stream {number}", **fields)

    def answers(self, timeout=120.0):
        done = [future.result(timeout) for future in self.futures]
        self.pool.shutdown()
        return done
