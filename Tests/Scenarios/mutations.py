"""Requests that bend HTTP's rules: a grammar of one request, and what may be wrong with each part of it. Seeded."""

import random

BODY = b'{"model":"m"}       '
# Ends the connection of whoever is still in step.
LAST = (
    b"POST /v1/completions?end HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (len(BODY), BODY))

EOL = [b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n\r", b"\x0b\r\n", b" \r\n"]
COLON = [b" : ", b"\t: ", b":\x0b", b":\x0c", b":\t", b":", b":\r\n ", b": \x00", b":\xa0", b"\x00: "]
METHOD = [b"post", b"POST\t", b"P\x00ST", b"XPOST", b"GET", b"PUT", b"CONNECT", b"\xffPOST"]
VERSION = [
    b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.10", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"HTTP/1.1 ", b"HTTP/01.1", b"",
]
TARGET = [
    b"http://h/v1/completions", b"http://other/v1/completions", b"//v1/completions", b"/v1/../v1/completions",
    b"/v1/%63ompletions", b"/v1/completions#x", b"/v1/completions?a=b", b"/v1/com pletions", b"*",
    b"/v1/completions\x00", b"/v1\\completions", b"/v1/completions\xc3\xa9", b"h:80",
]
HOST = [
    b"", b"Host: h\r\nHost: h\r\n", b"Host: h\r\nHost: other\r\n", b"Host:\r\n", b"Host: h, other\r\n",
    b"Host: u@h\r\n", b"Host: h/x\r\n", b"Host: h:x\r\n", b" Host: h\r\n",
]
LENGTH = [
    b"+%d", b"-%d", b"0%d", b"00000%d", b"%d,%d", b"%d, 5", b"5, %d", b"0x%x", b" %d", b"%d ", b"%d\x0b",
    b"\x0b%d", b"%d;", b"%d.0", b"%de0", b"", b"%d_", b"1844674407370955161%d", b"%d %d", b"\"%d\"", b"0",
]
CODING = [
    b"chunked, chunked", b"identity", b"gzip, chunked", b"chunked, identity", b"xchunked", b"Chunked",
    b"chunked;q=1", b",chunked", b"chunked,", b"\x0bchunked", b"chunked\x0b", b"chunked\x00", b"\"chunked\"",
    b"chunk", b"", b"\tchunked", b"identity, chunked", b"chunked\r\nTransfer-Encoding: identity",
    b"identity\r\nTransfer-Encoding: chunked",
]
CODING_NAME = [
    b"Transfer-Encoding ", b"Transfer_Encoding", b"Transfer-Encoding\t", b" Transfer-Encoding",
    b"X\nTransfer-Encoding", b"Transfer-Encoding\x00", b"transfer-encoding", b"X: y\rTransfer-Encoding",
    b"Transfer\xadEncoding",
]
SIZE = [
    b"0x%x", b"+%x", b"-%x", b"00000%x", b"0000000000000000000%x", b" %x", b"%x ", b"%x\t", b"%x;a",
    b"%x;a=\"\r\n", b"%x;a\n", b"%x\n", b"%x\r", b"%x;\r\n", b"%x,", b"%x_", b"1000000000000000%x", b"%x;a=b\rX",
    b"%X", b"%x\x0b", b"",
]
DATA_END = [b"", b"\n", b"\r", b"XX\r\n", b"\r\n\r\n", b"\r\nX"]
LAST_CHUNK = [
    b"0\r\n", b"00\r\n\r\n", b"0\n\n", b"0;a\r\n\r\n", b"0 \r\n\r\n", b"0\r\nX: y\r\n\r\n",
    b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nX\r\n\r\n", b"0\r\n X: y\r\n\r\n", b"\r\n0\r\n\r\n", b"0\r\n\rX",
    b"-0\r\n\r\n", b"0x0\r\n\r\n", b"", b"0\r\n\n",
]
AROUND = [b"\r\n", b"\n", b" ", b"\r\n\r\n", b"\x00", b"\xef\xbb\xbf"]
EXTRA = [
    b"X: a\r\n b\r\n", b"X: a\r\n\tb\r\n", b"X: a\rb\r\n", b"X: a\x00b\r\n", b"X\r\n", b": x\r\n", b"X y: z\r\n",
    b"X: a\nY: b\r\n", b"\r\n", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content_Length: 5\r\n", b"Connection: Content-Length\r\n",
    b"Connection: Transfer-Encoding\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"X: " + b"a" * 9000 + b"\r\n", b"Content-Length: 20\r\n",
]


class Request:
    """The parts of one request; a mutation replaces one of them."""

    def __init__(self, dice):
        self.dice = dice
        self.method, self.target, self.version = b"POST", b"/v1/completions", b"HTTP/1.1"
        self.eol = b"\r\n"
        self.host, self.colon, self.extra = b"Host: h\r\n", b": ", b""
        self.is_chunked = dice.random() < 0.5
        self.length, self.coding, self.coding_name = b"%d", b"chunked", b"Transfer-Encoding"
        self.size, self.data_end, self.last_chunk = b"%x", b"\r\n", b"0\r\n\r\n"
        self.before = self.behind = b""
        self.damage = 0

    def bend(self):
        """One thing is wrong from now on."""
        framing = ["coding", "coding_name", "size", "data_end", "last_chunk"] if self.is_chunked else ["length"]
        part = self.dice.choice(framing * 3 + ["method", "target", "version", "eol", "host", "colon"] + ["extra"] * 3
                                + ["before", "behind", "damage"])
        choices = {
            "coding": CODING, "coding_name": CODING_NAME, "size": SIZE, "data_end": DATA_END, "last_chunk": LAST_CHUNK,
            "length": LENGTH, "method": METHOD, "target": TARGET, "version": VERSION, "eol": EOL, "host": HOST,
            "colon": COLON, "extra": EXTRA, "before": AROUND, "behind": AROUND, "damage": range(1, 4)}
        setattr(self, part, self.dice.choice(choices[part]))

    @staticmethod
    def number(form, value):
        return form % ((value,) * form.count(b"%")) if b"%" in form else form

    @property
    def bytes(self):
        if self.is_chunked:
            framing = self.coding_name + self.colon + self.coding + self.eol
            size = self.number(self.size, len(BODY))
            body = size + (b"" if size.endswith((b"\n", b"\r")) else b"\r\n") + BODY + self.data_end + self.last_chunk
        else:
            framing = b"Content-Length" + self.colon + self.number(self.length, len(BODY)) + self.eol
            body = BODY
        fields = [self.host, framing, self.extra]
        self.dice.shuffle(fields)
        head = b" ".join([self.method, self.target, self.version]) + b"\r\n" + b"".join(fields) + b"\r\n"
        return self.before + self.damaged(head) + body + self.behind

    def damaged(self, head):
        head = bytearray(head)
        for _ in range(self.damage):
            place = self.dice.randrange(len(head))
            what = self.dice.randrange(3)
            if what == 0:
                del head[place]
            elif what == 1:
                head.insert(place, self.dice.choice(b"\r\n: \t\x00,;0\xff"))
            else:
                head[place] = self.dice.choice(b"\r\n: \t\x00,;0\xff")
        return bytes(head)


def cases(count, seed):
    """That many byte strings: a request with one or two things wrong, and the one that ends the connection."""
    for number in range(count):
        request = Request(random.Random(f"{seed}/{number}"))
        for _ in range(1 + (number % 3 == 0)):
            request.bend()
        yield request.bytes + LAST
