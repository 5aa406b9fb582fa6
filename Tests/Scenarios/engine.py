"""The scenarios' engine: OpenAI's completions over HTTP/1.1, fast, predictable, and with any vice that is asked for.

Not `stoker simulate`, on purpose: a stand-in that shares no code with the gateway cannot share its misunderstandings.
"""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys

# Everything that an SSE stream may hold and a proxy might be tempted to tidy: a comment, CRLF, an event name, several
# data lines, an event without data, text of four bytes a character.
ODD_STREAM = [
    b": welcome\n\n", b'data: {"choices":[{"text":"one"}]}\r\n\r\n', b"event: note\nid: 7\ndata: a\ndata: b\n\n",
    'data: {"choices":[{"text":"🔥 двa"}]}\n\n'.encode(), b"\n", b"retry: 10\n\n", b"data: [DONE]\n\n",
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--gap", type=float, default=0.0, help="seconds between the events of a stream")
    parser.add_argument("--events", type=int, default=0, help="that many plain events in place of the odd stream")
    parser.add_argument("--never-ready", action="store_true", help="/health says 503 for ever")
    parser.add_argument("--ignore-term", action="store_true", help="SIGTERM does nothing")
    parser.add_argument("--share-port", action="store_true", help="a grandchild in a session of its own holds the port")
    parser.add_argument("--unhealthy-when", default="/nonexistent", help="/health says 503 while this file exists")
    parser.add_argument("--tls", metavar="DIRECTORY", help="speak TLS with fullchain.pem and key.pem of it")
    return parser.parse_args()


def tls(options):
    """The server's side of TLS; None: plain."""
    if not options.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{options.tls}/fullchain.pem", f"{options.tls}/key.pem")
    return context


def response(status, body, kind="application/json"):
    head = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(body)}", f"x-engine: {os.getpid()}"]
    return "\r\n".join([*head, "", ""]).encode() + body


class Engine:
    def __init__(self, options):
        self.options = options
        self.requests = self.gone = 0

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *fields = head.decode().split("\r\n")
                length = next((int(f.split(":")[1]) for f in fields if f.lower().startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                await self.answer(line.split(" ")[1], body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, path, body, writer):
        if path == "/health":
            bad = self.options.never_ready or os.path.exists(self.options.unhealthy_when)
            writer.write(response(503 if bad else 200, b"{}"))
        elif path == "/count":
            writer.write(response(200, json.dumps({"requests": self.requests, "gone": self.gone}).encode()))
        elif path == "/v1/models":
            writer.write(response(200, b'{"object":"list","data":[]}'))
        elif path.startswith("/v1/"):
            self.requests += 1
            await self.complete(json.loads(body), writer)
        else:
            writer.write(response(404, b"{}"))
        await writer.drain()

    async def complete(self, request, writer):
        await asyncio.sleep(self.options.delay)
        if request.get("stream"):
            await self.stream(writer)
            return
        answer = {
            "id": "cmpl-1", "object": "text_completion", "created": 1, "model": request["model"],
            "choices": [{"index": 0, "text": request.get("prompt", ""), "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        }
        writer.write(response(200, json.dumps(answer).encode()))

    async def stream(self, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        plain = [b'data: {"choices":[{"text":"%d "}]}\n\n' % i for i in range(self.options.events)]
        try:
            for event in plain + [b"data: [DONE]\n\n"] if plain else ODD_STREAM:
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
                await asyncio.sleep(self.options.gap)
        except ConnectionError:
            self.gone += 1
            raise
        writer.write(b"0\r\n\r\n")


async def main():
    options = arguments()
    if options.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    engine = Engine(options)
    server = await asyncio.start_server(
        engine.serve, "127.0.0.1", options.port, backlog=512, limit=1 << 24, ssl=tls(options))
    if options.share_port and os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()
    print(f"engine {os.getpid()} listens on {options.port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
