"""Canaries: a share of the clients, always the same; more of it for one that is sound, none for one that is worse."""

import json
import subprocess
import threading

import pytest

from processes import wait_for
from stack import STOKER, http

# Short steps, so that a scenario sees all of them.
QUICK = ["--steps", "40,70,100", "--hold", "2s", "--min-requests", "20"]


class Traffic:
    """Clients that ask all the time, each with a key of its own; nothing that they get is lost from sight."""

    def __init__(self, rig, clients=200, threads=4):
        self.rig, self.clients = rig, clients
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.asked, self.failed = 0, []
        self.threads = [threading.Thread(target=self.work, args=(i, threads)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, first, step):
        number = first
        while not self.over.is_set():
            answer = ask(self.rig, number % self.clients)
            with self.lock:
                self.asked += 1
                if answer is None or answer.status != 200:
                    self.failed.append("no answer" if answer is None else f"{answer.status} {answer.text[:200]}")
            number += step

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


def ask(rig, client):
    return rig.ask(f"question of {client}", headers={"authorization": f"Bearer key-{client}"}, max_tokens=2)


@pytest.fixture
def canary(rig):
    """Two stable backends, `a` and `b`, and a canary `c`."""

    def make(*flags, **keys):
        return rig(*flags, names="abc", **{"backends": ["a", "b"], "canary": ["c"], **keys})

    return make




def order(rig, *words):
    """`stoker canary …`: the config goes behind the subcommand."""
    return subprocess.run(
        [STOKER, "canary", words[0], "--config", str(rig.stack.config), *words[1:]], capture_output=True, text=True,
        timeout=20, stdin=subprocess.DEVNULL)


def state(rig, model="m"):
    page = http(f"{rig.stack.admin}/api/v1/canaries").json["canaries"]
    return next(c for c in page if c["model"] == model)


def until(rig, name, timeout=60.0):
    return wait_for(lambda: (s := state(rig))["state"] == name and s, f"the canary is {name}: {state(rig)}", timeout)


def test_without_an_order_a_canary_gets_nothing(canary):
    rig = canary()
    with Traffic(rig) as traffic:
        wait_for(lambda: traffic.asked >= 100, "100 requests")
    assert traffic.failed == []
    assert rig.received()["c"] == 0
    assert state(rig)["state"] == "none"


def test_a_sound_canary_goes_through_its_steps_and_serves_all_in_the_end(canary):
    rig = canary()
    with Traffic(rig) as traffic:
        begun = order(rig, "start", "m", *QUICK)
        assert begun.returncode == 0, begun.stderr
        assert "40 %" in begun.stdout
        promoted = until(rig, "promoted")
        assert promoted["permille"] == 1000
        wait_for(lambda: state(rig)["state"] == "promoted", "promoted")
        before = rig.received()
        asked = traffic.asked
        wait_for(lambda: traffic.asked > asked + 100, "100 more requests")
    assert traffic.failed == []
    after = rig.received()
    assert after["c"] - before["c"] > 80
    # What was under way when the last step came is all that stable may have got.
    assert sum(after[n] - before[n] for n in "ab") <= 8
    kinds = [e["kind"] for e in rig.stack.events(subject="m") if e["kind"].startswith("canary.")]
    assert kinds == ["canary.started", "canary.step", "canary.promoted"]
    assert rig.metric("stoker_canary_share", model="m") == 1
    status = order(rig, "status", "m")
    assert status.returncode == 0 and "serves all clients" in status.stdout


@pytest.mark.parametrize("fault, every", [("error", 5), ("empty", 8), ("cut", 5)])
def test_a_canary_that_fails_is_rolled_back_and_no_client_notices(canary, fault, every):
    rig = canary()
    rig.simulators["c"].fault(fault, every=every)
    with Traffic(rig) as traffic:
        begun = order(rig, "start", "m")
        assert begun.returncode == 0, begun.stderr
        ended = until(rig, "rolled-back")
        asked, received = traffic.asked, rig.received()["c"]
        wait_for(lambda: traffic.asked > asked + 50, "50 more requests")
    assert traffic.failed == []
    assert rig.received()["c"] - received <= 8
    assert ended["permille"] == 0 and ended["evidence"] >= 100
    assert ended["canary"]["failed"] >= 5 and ended["stable"]["failed"] == 0
    event = rig.stack.wait_event("canary.rolled-back", "m")
    assert event["severity"] == "warning"
    assert "fails more first attempts" in event["message"]
    assert event["evidence"][0].startswith("canary: ") and "evidence against it" in event["evidence"][-1]
    assert rig.metric("stoker_canary_share", model="m") == 0
    assert rig.metric("stoker_canary_first_attempt_failures_total", model="m", arm="canary") >= 5
    status = order(rig, "status")
    assert status.returncode == 1 and "rolled-back" in status.stdout


def test_a_canary_that_is_slower_is_rolled_back(canary):
    rig = canary()
    rig.simulators["c"].fault("slow", factor=3)
    with Traffic(rig) as traffic:
        assert order(rig, "start", "m").returncode == 0
        ended = until(rig, "rolled-back", 90)
    assert traffic.failed == []
    assert ended["why"] == "it is slower to begin than stable"
    assert ended["canary"]["medianSeconds"] > 1.25 * ended["stable"]["medianSeconds"]


def test_a_canary_that_turns_requests_away_is_neither_promoted_nor_rolled_back(canary):
    rig = canary()
    rig.simulators["c"].fault("overload", status=503)
    with Traffic(rig) as traffic:
        assert order(rig, "start", "m", *QUICK).returncode == 0
        wait_for(lambda: state(rig)["canary"]["refused"] > 100, "100 were turned away", 60)
    assert traffic.failed == []
    now = state(rig)
    assert now["state"] == "running" and now["permille"] == 400 and now["canary"]["failed"] == 0


def test_a_client_stays_on_its_side_and_the_share_is_the_one_asked_for(canary):
    rig = canary("--ttft", "1ms", "--itl", "1ms")
    assert order(rig, "start", "m", "--steps", "30,60", "--hold", "1h").returncode == 0
    wait_for(lambda: state(rig)["permille"] == 300, "30 %")

    def sides():
        """Which clients are on the canary, by who gets their requests."""
        found = set()
        for client in range(100):
            before = rig.received()["c"]
            assert all(ask(rig, client).status == 200 for _ in range(2))
            more = rig.received()["c"] - before
            assert more in (0, 2), f"client {client} was on both sides"
            if more:
                found.add(client)
        return found

    first = sides()
    # Four standard deviations to either side.
    assert 12 <= len(first) <= 48
    assert order(rig, "promote", "m").returncode == 0
    second = sides()
    assert first <= second
    assert 41 <= len(second) <= 79


def test_a_canary_that_is_killed_in_mid_flight_costs_no_client_anything(canary):
    rig = canary()
    with Traffic(rig) as traffic:
        assert order(rig, "start", "m", "--hold", "1h").returncode == 0
        wait_for(lambda: rig.received()["c"] > 20, "the canary serves")
        rig.simulators["c"].kill()
        paused = wait_for(
            lambda: (s := state(rig))["state"] in ("paused", "rolled-back") and s, "its share is back", 40)
        asked = traffic.asked
        wait_for(lambda: traffic.asked > asked + 50, "50 more requests")
    assert traffic.failed == []
    assert paused["permille"] == 0


def test_a_canary_that_leaves_the_config_in_mid_flight_is_rolled_back(canary):
    rig = canary()
    with Traffic(rig) as traffic:
        assert order(rig, "start", "m", "--hold", "1h").returncode == 0
        wait_for(lambda: rig.received()["c"] > 20, "the canary serves")
        del rig.stack.plan["models"]["m"]["canary"]
        del rig.stack.plan["processes"]["c"]
        rig.stack.write()
        assert rig.stack.cli("reload").returncode == 0
        assert until(rig, "rolled-back")["why"] == "it has left the config"
        received, asked = rig.received()["c"], traffic.asked
        wait_for(lambda: traffic.asked > asked + 50, "50 more requests")
    assert traffic.failed == []
    assert rig.received()["c"] - received <= 8


def test_a_promoted_canary_becomes_a_backend_by_a_reload(canary):
    rig = canary()
    assert order(rig, "start", "m").returncode == 0
    assert order(rig, "promote", "m", "--all").returncode == 0
    model = rig.stack.plan["models"]["m"]
    model["backends"], model["canary"] = ["c"], ["a"]
    rig.stack.write()
    with Traffic(rig) as traffic:
        assert rig.stack.cli("reload").returncode == 0
        until(rig, "none")
        before = rig.received()["c"]
        wait_for(lambda: rig.received()["c"] > before + 20, "c serves")
    assert traffic.failed == []


def test_a_new_control_plane_goes_on_at_the_step_of_the_old_one(canary):
    rig = canary()
    assert order(rig, "start", "m", "--steps", "30,60", "--hold", "1h").returncode == 0
    assert order(rig, "promote", "m").returncode == 0
    sides = {}
    for client in range(40):
        before = rig.received()["c"]
        assert ask(rig, client).status == 200
        sides[client] = rig.received()["c"] > before
    assert rig.stack.stop() == 0
    rig.stack.start().ready()
    now = state(rig)
    assert (now["state"], now["permille"], now["steps"]) == ("running", 600, [300, 600, 1000])
    for client, side in sides.items():
        before = rig.received()["c"]
        assert ask(rig, client).status == 200
        assert (rig.received()["c"] > before) == side, f"client {client} has changed sides"


def test_abort_gives_all_clients_back(canary):
    rig = canary()
    assert order(rig, "start", "m").returncode == 0
    assert order(rig, "abort", "m").returncode == 0
    before = rig.received()["c"]
    with Traffic(rig) as traffic:
        wait_for(lambda: traffic.asked >= 50, "50 requests")
    assert traffic.failed == [] and rig.received()["c"] == before
    rig.stack.wait_event("canary.aborted", "m")


def test_orders_that_make_no_sense_are_refused_with_what_to_write(canary):
    rig = canary()
    for steps, words in [("0", "makes no sense"), ("50,25", "steps ascend"), ("10,101", "makes no sense"),
                         ("ten", "no share"), ("", "no share")]:
        refused = order(rig, "start", "m", "--steps", steps)
        assert refused.returncode != 0 and words in refused.stderr, refused.stderr
        assert "10,25,50,100" in refused.stderr
    for arguments, words in [
            (("start", "nobody"), "has no canary"), (("start", "m", "--backend", "a"), "no canary of m"),
            (("start", "m", "--hold", "0s"), "cannot last"), (("start", "m", "--min-requests", "0"), "cannot see"),
            (("promote", "m"), "no canary of m is under way"), (("abort", "m"), "no canary of m is under way"),
            (("status", "nobody"), "has no canary")]:
        refused = order(rig, *arguments)
        assert refused.returncode == 2 and words in refused.stderr, refused.stderr
    assert order(rig, "start", "m").returncode == 0
    again = order(rig, "start", "m")
    assert again.returncode == 2 and "under way" in again.stderr
    # Over TCP nobody gives orders.
    answer = http(f"{rig.stack.admin}/api/v1/canary/abort?model=m", b"")
    assert answer.status == 403
    assert json.loads(order(rig, "status", "m", "--json").stdout)["canaries"][0]["state"] == "running"
