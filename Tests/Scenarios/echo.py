"""An application that answers with the request as its server understood it: for WSGI and for ASGI servers."""

import json


def understood(method, target, body):
    return json.dumps({"method": method, "target": target, "body": body.hex()}).encode()


def wsgi(environ, start_response):
    """For gunicorn and waitress; each has its own name for the target as it came."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    answer = understood(environ["REQUEST_METHOD"], target, environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


async def asgi(scope, receive, send):
    """For uvicorn."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    answer = understood(scope["method"], (scope["raw_path"] + query).decode("latin1"), body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
