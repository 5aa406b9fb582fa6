"""TLS: the certificate that clients are shown and how it is renewed, what is refused, and engines behind https."""

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys

import pytest

from certificates import Certificate, openssl
from processes import wait_for
from stack import QUICK, SCENARIOS, engine, free_port

STREAM = {"model": "m", "prompt": "x", "stream": True}


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path / "tls")


@pytest.fixture
def secure(stack, certificate):
    """Makes a stack that serves by TLS: `secure("--gap", "0.1")`."""

    def make(*flags):
        made = stack({"a": engine(free_port(), *flags)}, {"m": {"backends": ["a"]}})
        made.plan["gateway"]["tls"] = certificate.section
        made.write()
        return made.start().ready()

    return make


def connect(stack, trusted=None, alpn=()):
    """A connection by TLS; `trusted` is the only certificate that is believed, None believes all."""
    context = ssl.create_default_context(cafile=trusted and str(trusted.chain))
    if trusted is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(
        socket.create_connection(("127.0.0.1", stack.gateway_port), timeout=20), server_hostname="127.0.0.1")


def ask(stack, trusted, body=None, context=None):
    """The status and body of one request over a new connection."""
    context = context or ssl.create_default_context(cafile=str(trusted.chain))
    connection = http.client.HTTPSConnection("127.0.0.1", stack.gateway_port, timeout=20, context=context)
    connection.request("POST", "/v1/completions", json.dumps(body or {"model": "m", "prompt": "hello"}))
    return connection.getresponse()


def shows(stack, certificate):
    """Whether new connections are shown that certificate."""
    try:
        connect(stack, certificate).close()
        return True
    except ssl.SSLCertVerificationError:
        return False


# Serving


def test_curl_is_served_over_one_connection(secure, certificate):
    stack = secure()
    url = f"https://127.0.0.1:{stack.gateway_port}/v1/completions"
    request = ["-d", json.dumps({"model": "m", "prompt": "hello"}), url]
    curl = shutil.which("curl")
    assert curl, "curl is missing: make deps"
    flags = ["-sS", "--cacert", certificate.chain, "-w", "%{http_code} %{num_connects}\n", "-o", "/dev/null"]
    done = subprocess.run(
        [curl, *flags, *request, "--next", *flags, *request], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines() == ["200 1", "200 0"], done.stderr
    refused = subprocess.run([curl, "-sS", *request], capture_output=True, text=True, timeout=30)
    assert refused.returncode == 60, "an authority that nobody knows"


def test_status_says_https_and_the_gateway_is_ready_whatever_name_its_certificate_has(stack, tmp_path):
    certificate = Certificate(tmp_path / "tls", address="192.0.2.1")
    made = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}})
    made.plan["gateway"]["tls"] = certificate.section
    made.write()
    made.start().ready()
    assert f"gateway https://127.0.0.1:{made.gateway_port}" in made.cli("status").stdout


def test_http_1_1_is_agreed_on(secure):
    stack = secure()
    assert connect(stack, alpn=["h2", "http/1.1"]).selected_alpn_protocol() == "http/1.1"
    assert connect(stack).selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLError):
        connect(stack, alpn=["h2"])


def test_a_session_is_resumed(secure, certificate):
    stack = secure()
    context = ssl.create_default_context(cafile=str(certificate.chain))
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def talk(session):
        plain = socket.create_connection(("127.0.0.1", stack.gateway_port), timeout=20)
        with context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as line:
            return line.session, line.session_reused

    first, _ = talk(None)
    assert talk(first)[1]


# Refusing


@pytest.mark.parametrize(
    "flags, works",
    [
        (["-tls1_3"], True), (["-tls1_2"], True), (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], True),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], True),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], False),
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], False),
        (["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_old_versions_and_ciphers_are_refused(secure, flags, works):
    stack = secure()
    said = openssl("s_client", "-connect", f"127.0.0.1:{stack.gateway_port}", *flags, input="")
    assert (said.returncode == 0) == works, said.stdout
    assert works or "alert" in said.stdout, said.stdout


def test_renegotiation_is_refused(secure, tmp_path):
    stack = secure()
    heard = tmp_path / "heard"
    with heard.open("w") as output:
        client = subprocess.Popen(
            [shutil.which("openssl"), "s_client", "-tls1_2", "-connect", f"127.0.0.1:{stack.gateway_port}"],
            stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            wait_for(lambda: "Verify return code" in heard.read_text(), "the handshake is made")
            client.stdin.write(b"R\n")
            client.stdin.flush()
            wait_for(lambda: "no renegotiation" in heard.read_text(), "the refusal")
        finally:
            client.kill()
            client.wait(10)


def test_plain_http_gets_nothing_in_the_clear(secure, certificate):
    stack = secure()
    with socket.create_connection(("127.0.0.1", stack.gateway_port), timeout=20) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert plain.recv(1000) == b""
        except ConnectionResetError:
            pass
    assert ask(stack, certificate).status == 200


# Renewing


@pytest.mark.parametrize("order", ["stoker reload", "SIGHUP"])
def test_a_renewed_certificate_is_shown_after_a_reload_and_a_stream_goes_on(secure, certificate, tmp_path, order):
    stack = secure("--gap", "0.05", "--events", "60")
    old, new = Certificate(tmp_path / "old"), Certificate(tmp_path / "new")
    old.become(certificate)
    answer = ask(stack, old, STREAM)
    begun = answer.read(200)
    certificate.become(new)
    if order == "SIGHUP":
        stack.daemon.send_signal(signal.SIGHUP)
    else:
        assert stack.cli("reload").returncode == 0
    wait_for(lambda: shows(stack, new), "new connections get the new certificate", 5)
    assert not shows(stack, old)
    whole = begun + answer.read()
    assert whole.count(b"data: ") == 61 and whole.rstrip().endswith(b"data: [DONE]")


def test_a_reload_with_an_unusable_certificate_is_refused_and_the_old_one_stays(secure, certificate, tmp_path):
    stack = secure()
    old = Certificate(tmp_path / "old")
    old.become(certificate)
    certificate.key.write_text(Certificate(tmp_path / "other").key.read_text())
    refused = stack.cli("reload")
    assert refused.returncode == 2 and "does not belong to the certificate" in refused.stderr
    assert shows(stack, old)


def test_tls_is_taken_up_and_left_without_a_restart(stack, certificate):
    made = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}}).start().ready()
    gateway = made.pid("gateway")
    assert made.complete().status == 200
    made.plan["gateway"]["tls"] = certificate.section
    made.write()
    assert made.cli("reload").returncode == 0
    wait_for(lambda: made.complete() is None and ask(made, certificate).status == 200, "TLS and nothing else")
    del made.plan["gateway"]["tls"]
    made.write()
    assert made.cli("reload").returncode == 0
    wait_for(lambda: (a := made.complete()) and a.status == 200, "plain HTTP again")
    assert made.pid("gateway") == gateway


# What stoker check says


def checked(stack, certificate, *flags):
    stack.plan["gateway"]["tls"] = certificate.section
    stack.write()
    return stack.cli("check", *flags)


def test_a_good_certificate_passes_the_check(stack, certificate):
    done = checked(stack({"a": engine(free_port())}), certificate)
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize(
    "spoil, key, words",
    [
        (lambda c: c.chain.unlink(), "certificate", "No such file or directory"),
        (lambda c: c.key.unlink(), "key", "No such file or directory"),
        (lambda c: c.chain.write_text("x"), "certificate", "no certificate in PEM"),
        (lambda c: c.key.write_text(c.chain.read_text()), "key", "no private key in PEM"),
        (lambda c: c.key.write_text(Certificate(c.directory / "b").key.read_text()), "key", "does not belong"),
    ],
    ids=["no certificate", "no key", "no PEM", "no key in it", "another's key"])
def test_check_and_run_refuse_a_certificate_that_cannot_be_used(stack, certificate, spoil, key, words):
    made = stack({"a": engine(free_port())})
    spoil(certificate)
    done = checked(made, certificate)
    line = next(n for n, text in enumerate(made.config.read_text().splitlines(), 1) if f'"{key}": "/' in text)
    assert done.returncode == 2 and words in done.stderr and "[bad-certificate]" in done.stderr
    assert f"stoker.yaml:{line}:" in done.stderr and "try: " in done.stderr
    made.launch()
    assert made.daemon.wait(20) == 2 and words in made.stderr.read_text()


def test_check_warns_of_a_certificate_that_has_expired(stack, certificate):
    made = stack({"a": engine(free_port())}, {"m": {"backends": ["a"]}})
    certificate.expire()
    done = wait_for(lambda: (c := checked(made, certificate)) and c.stderr and c, "the second is over")
    assert done.returncode == 0 and "has expired" in done.stderr and "stoker.yaml:" in done.stderr
    warned = json.loads(checked(made, certificate, "--json").stdout)
    assert warned["ok"] and warned["warnings"][0]["code"] == "bad-certificate"
    # Those who do not care are served, and the gateway is not restarted for it.
    made.start().ready()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert ask(made, certificate, context=context).status == 200


# Engines behind https


@pytest.fixture
def behind_https(stack):
    """Makes a stack whose only backend speaks TLS with that certificate, and runs already."""
    engines = []

    def make(certificate, probes):
        port = free_port()
        flags = ["--port", str(port), "--tls", str(certificate.directory)]
        engines.append(subprocess.Popen([sys.executable, str(SCENARIOS / "engine.py"), *flags], stdout=subprocess.PIPE))
        assert b"listens" in engines[-1].stdout.readline()
        far = {"engine": "openai", "url": f"https://127.0.0.1:{port}", "probes": probes}
        return stack({"far": far}, {"m": {"backends": ["far"]}})

    yield make
    for engine in engines:
        engine.kill()
        engine.wait(10)
        engine.stdout.close()


def test_an_engine_behind_https_serves_when_its_authority_is_trusted(behind_https, certificate):
    made = behind_https(certificate, QUICK["probes"]).start({"SSL_CERT_FILE": str(certificate.chain)}).ready()
    assert made.complete().status == 200
    assert b"[DONE]" in made.complete(stream=True).body


def test_status_and_clients_are_told_that_an_engine_s_certificate_is_not_trusted(behind_https, certificate):
    made = behind_https(certificate, QUICK["probes"]).start()
    wait_for(lambda: "certificate" in made.process("far")["reason"].lower(), f"the reason; {made.states}")
    answer = made.complete()
    assert answer.status == 503 and "certificate" in answer.text.lower()


@pytest.mark.parametrize("address, words", [("127.0.0.1", "self-signed"), ("192.0.2.1", "mismatch")])
def test_the_gateway_trusts_no_engine_for_the_probe_s_sake(behind_https, tmp_path, address, words):
    certificate = Certificate(tmp_path / "tls", address)
    trust = {"SSL_CERT_FILE": str(certificate.chain)} if address != "127.0.0.1" else {}
    made = behind_https(certificate, {"startup": "off", "readiness": "off"}).start(trust)
    refused = wait_for(
        lambda: (a := made.complete()) and "certificate refused" in a.text and a, f"the refusal; {made.states}")
    assert refused.status == 503 and words in refused.text, refused.text
