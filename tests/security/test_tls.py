"""The encryption: a real server with each kind of certificate and of protocol, and a tool that fails clears nothing."""

from __future__ import annotations

import http.server
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scorecard.evidence import Status
from security import tls, tls_report

OLD = "security.tls_old_versions"
CURRENT = "security.tls_current"
HOLES = "security.tls_holes"
PROFILE = "security.tls_profile_deviations"
TRUSTED = "security.certificate_trusted"
NAME = "security.certificate_for_name"
DAYS = "security.certificate_days_left"


class Authority:
    """A certificate authority and what it signs."""

    def __init__(self, folder):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the test")])
        usage = x509.KeyUsage(*(index in (5, 6) for index in range(9)))
        self.certificate = self._sign(self.name, self.key, -2, 400, (x509.BasicConstraints(True, None), usage))
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, folder, *, days=60, names=("localhost",), addresses=("127.0.0.1",)):
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = [x509.DNSName(name) for name in names] + [x509.IPAddress(ip_address(one)) for one in addresses]
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        extensions = (x509.BasicConstraints(False, None), x509.SubjectAlternativeName(alternative), use)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service")])
        signed = self._sign(subject, key, -90, days, extensions, public=key.public_key())
        path = folder / f"server-{days}-{len(alternative)}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        return path

    def _sign(self, subject, key, begins, ends, extensions, public=None):
        now = datetime.now(UTC)
        public = key.public_key() if public is None else public
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends))
        for extension in extensions:
            critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            builder = builder.add_extension(extension, critical=critical)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        own = x509.SubjectKeyIdentifier.from_public_key(public)
        return builder.add_extension(own, critical=False).sign(self.key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def encrypted():
    """Serve over TLS with a certificate; ``old`` with all versions and ciphers there are."""
    servers = []

    def start(certificate, *, old=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_ciphers("ALL:@SECLEVEL=0" if old else "ECDHE+AESGCM:ECDHE+CHACHA20")
        if old:
            with pytest.warns(DeprecationWarning, match="TLSv1"):
                context.minimum_version = ssl.TLSVersion.TLSv1
        else:
            context.set_ecdh_curve("prime256v1")
        server = _Quiet(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_):
        """A scanner breaks off handshakes on purpose."""


@pytest.fixture
def examined(make_site, encrypted, authority, tmp_path):
    """Examine a server with a certificate of the authority; its facts and the evidence."""

    def collect(*, old=False, known=True, host="localhost", **certificate):
        port = encrypted(authority.server(tmp_path, **certificate), old=old)
        site = make_site(url=f"https://{host}:{port}", security={"authorities": authority.file.name} if known else None)
        evidence = tls.collect(site)
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


def test_a_sound_server_gives_no_finding(examined):
    facts, evidence = examined()
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert [finding.message for finding in evidence.findings] == []
    assert 59 <= facts.pop(DAYS) <= 60
    assert facts == {OLD: 0, CURRENT: True, HOLES: 0, PROFILE: 0, TRUSTED: True, NAME: True}


@pytest.mark.parametrize(
    ("server", "expected", "rules"),
    [
        ({"days": -3}, {TRUSTED: False, NAME: True}, {"certificate-expired", "certificate-untrusted"}),
        ({"known": False}, {TRUSTED: False, NAME: True}, {"certificate-untrusted"}),
        (
            {"names": ("other.example",), "addresses": ()},
            {TRUSTED: False, NAME: False},
            {"certificate-name", "certificate-untrusted"},
        ),
        ({"old": True}, {TRUSTED: True, NAME: True, CURRENT: True}, {"tls-old-version", "tls-profile"}),
    ],
)
def test_a_planted_weakness_is_found_and_named(examined, server, expected, rules):
    facts, evidence = examined(**server)
    assert {finding.rule for finding in evidence.findings} == rules
    assert {name: facts[name] for name in expected} == expected
    assert (facts[OLD] > 0) == bool(server.get("old"))
    assert (facts[DAYS] < 0) == (server.get("days", 60) < 0)
    assert all(finding.remedy and finding.asvs for finding in evidence.findings)


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        (("aide.gouv.fr",), "AIDE.gouv.fr", True),
        (("*.gouv.fr",), "aide.gouv.fr", True),
        (("*.gouv.fr",), "a.aide.gouv.fr", False),
        (("*.gouv.fr",), "gouv.fr", False),
        (("aide.*.fr",), "aide.gouv.fr", False),
        (("127.0.0.1",), "127.0.0.1", True),
        (("*.0.0.1",), "127.0.0.1", False),
        (("0:0:0:0:0:0:0:1",), "::1", True),
        ((), "aide.gouv.fr", False),
    ],
)
def test_a_certificate_is_for_the_names_it_says(names, host, fits):
    assert tls_report.is_for(names, host) is fits


def test_over_http_nothing_is_known_and_it_says_why(make_site, assert_unknown):
    evidence = tls.collect(make_site(url="http://127.0.0.1:9"))
    assert evidence.status is Status.SKIPPED
    for name in tls.FACTS:
        assert_unknown(evidence, name, "not over TLS here")


def test_a_service_elsewhere_is_not_examined_without_leave(make_site, assert_unknown):
    assert_unknown(tls.collect(make_site(url="https://service.example.test")), OLD, "remote = true")


def test_a_server_that_does_not_speak_tls_is_unknown(make_site, serve, answer, assert_unknown):
    url = serve(lambda *_: answer()).replace("http:", "https:")
    assert_unknown(tls.collect(make_site(url=url)), OLD, "no TLS connection")


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("sys.exit(0)", "exit code 0"),
        ("os.abort()", "exit code -6"),
        ("open('report.json', 'w').write('{}')", "cannot be read"),
        ("open('report.json', 'w').write('[' * 100000)", "cannot be read"),
        ("open('report.json', 'wb').write(b'\\xff')", "exit code 0"),
        ("time.sleep(600)", "was stopped"),
    ],
)
def test_a_tool_that_fails_clears_nothing(make_site, fake_tool, assert_unknown, then, word):
    limit = 0.5 if "sleep" in then else 60.0
    evidence = tls.collect(make_site(url="https://127.0.0.1:9"), tool=fake_tool(then), timeout_s=limit)
    assert evidence.status is Status.ERROR
    for name in tls.FACTS:
        assert_unknown(evidence, name, word)
