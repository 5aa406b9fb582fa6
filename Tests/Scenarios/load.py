"""Many requests at once, all of them in flight together."""

import concurrent.futures
import threading

from stack import http


class Burst:
    """`count` unary requests in flight at the same time."""

    def __init__(self, stack, count, model="m", timeout=60.0, **fields):
        self.pool = concurrent.futures.ThreadPoolExecutor(count)
        self.together = threading.Barrier(count)
        self.futures = [self.pool.submit(self.ask, stack, i, model, timeout, fields) for i in range(count)]

    def ask(self, stack, number, model, timeout, fields):
        self.together.wait(timeout)
        body = {"model": model, "prompt": f"request {number}", **fields}
        return number, http(f"{stack.gateway}/v1/completions", body, timeout)

    def answers(self, timeout=90.0):
        """Every answer, in the order of the requests; None where there was none."""
        done = [future.result(timeout) for future in self.futures]
        self.pool.shutdown()
        return [answer for _, answer in sorted(done, key=lambda pair: pair[0])]


def failed(answers):
    """What went wrong, as short texts; empty when every request was answered with 200."""
    return ["no answer" if a is None else f"{a.status} {a.text[:200]}" for a in answers if a is None or a.status != 200]
