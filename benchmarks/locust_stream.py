"""The Locust side of benchmarks/load.py: users that read a whole event stream and report when it ended.

As a person would write it: FastHttpUser, Locust's cheaper client; the response is read line by line, and the event is
fired with the time from the send to the last line.
"""

import time

from locust import FastHttpUser, constant, task


class Reader(FastHttpUser):
    wait_time = constant(0)

    @task
    def stream(self):
        began = time.perf_counter()
        body = {"model": "m", "prompt": "Say something long.", "stream": True, "max_tokens": 11}
        with self.client.post("/v1/completions", json=body, stream=True, catch_response=True, name="head") as response:
            while response.stream.readline(b"\n"):
                pass
            response.success()
        self.environment.events.request.fire(
            request_type="SSE", name="stream", response_time=(time.perf_counter() - began) * 1000, response_length=0,
            exception=None, context={})
