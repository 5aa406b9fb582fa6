"""Certificates for scenarios, made by the openssl program."""

import os
import pathlib
import shutil
import subprocess


def openssl(*arguments, **options):
    """Runs the program; its whole output as text is in `stdout`."""
    program = shutil.which("openssl")
    assert program, "openssl is missing: make deps"
    return subprocess.run(
        [program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
        **options)


class Certificate:
    """A self-signed certificate and its key in a directory; who trusts `chain` trusts this one and no other."""

    def __init__(self, directory, address="127.0.0.1"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.chain, self.key = self.directory / "fullchain.pem", self.directory / "key.pem"
        made = openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2, "-subj",
            "/CN=stoker scenario", "-addext", f"subjectAltName=IP:{address}", "-keyout", self.key, "-out", self.chain)
        assert made.returncode == 0, made.stdout

    def become(self, other):
        """Takes over another's files, each by a rename, as those who renew certificates do."""
        for mine, new in ((self.chain, other.chain), (self.key, other.key)):
            provisional = mine.with_suffix(".new")
            shutil.copy(new, provisional)
            os.replace(provisional, mine)

    def expire(self):
        """Replaces the certificate by one of the same key that ends with this second."""
        request = self.directory / "request.pem"
        assert openssl("req", "-new", "-key", self.key, "-subj", "/CN=old", "-out", request).returncode == 0
        made = openssl("x509", "-req", "-in", request, "-signkey", self.key, "-days", 0, "-out", self.chain)
        assert made.returncode == 0, made.stdout

    @property
    def section(self):
        """The section of the config."""
        return {"certificate": str(self.chain), "key": str(self.key)}
