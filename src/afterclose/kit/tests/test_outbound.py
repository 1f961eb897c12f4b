"""Requests to addresses that somebody else chose: real sockets, and a DNS that lies."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from socket import create_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, strategies as st

from afterclose.kit import outbound
from afterclose.kit.outbound import NotReached, Refused, networks, parse, post, vet, why_not
from tests.receiver import Receiver, names

HERE = networks(["127.0.0.1"])
PUBLIC = "93.184.215.14"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def send(url: str, **kwargs) -> outbound.Answer:
    return post(url, body=b"{}", headers={"webhook-id": "a"}, **kwargs)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001"),
        *("0", "0.0.0.0", "127.0.0.1.", "１２７.0.0.1", "127。0。0。1", "①②⑦.⓪.⓪.①"),
        *("localhost", "localhost.", "LOCALHOST", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"),
        *("[2001:db8::1]", "[::ffff:0:127.0.0.1]", "[fec0::1]"),
    ],
)
def test_no_way_of_writing_a_private_address_is_called(host, receiver):
    with pytest.raises(Refused):
        send(f"http://{host}:{receiver.port}/")
    assert receiver.received == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://example.com/", "https://"),
        ("//example.com/", "https://"),
        ("https:///path", "host name"),
        ("https://", "host name"),
        ("", "https://"),
        ("https://user@example.com/", "user name"),
        ("https://user:pass@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com\\@127.0.0.1/", "backslashes"),
        ("https://example.com/a b", "spaces"),
        ("https://example.com/\r\nHost: evil", "control"),
        ("https://example.com:22/", "Port 22"),
        ("https://example.com:0/", "Port 0"),
        ("https://example.com:6379/", "Port 6379"),
        ("https://example.com:99999/", "cannot be read"),
        ("https://example.com:abc/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://1.2.3/", "four decimal"),
        ("https://exa%6dple.com/", "cannot be read"),
        ("https://" + "a" * 70 + ".com/", "cannot be read"),
        ("https://example.com/" + "a" * 2000, "too long"),
    ],
)
def test_an_address_that_is_not_fit_says_why(url, why):
    with pytest.raises(Refused, match=why):
        parse(url)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "https://a."]))
def test_any_text_is_parsed_or_refused(text, start):
    try:
        target = parse(start + text)
    except Refused:
        return
    assert target.scheme in ("http", "https")
    assert target.host.isascii()
    assert target.path.isascii()
    assert target.path.startswith("/")


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_not_called_in_any_ipv6_dress(address):
    wrapped = ip_address(f"::ffff:{address}")
    assert why_not(wrapped) == why_not(address)
    if not address.is_global or address.is_multicast:
        assert why_not(address)
    for dressed in (
        f"64:ff9b::{address}",
        f"2002:{int(address) >> 16:x}:{int(address) & 65535:x}::",
    ):
        assert why_not(ip_address(dressed))


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_addresses_are_called(address):
    if address.ipv4_mapped is None and (not address.is_global or address.is_multicast):
        assert why_not(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_fine(address):
    assert why_not(ip_address(address)) == ""


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    names(monkeypatch, {"mixed.example": [[PUBLIC, "10.0.0.7"]]})
    with pytest.raises(Refused, match=r"mixed\.example.*10\.0\.0\.7"):
        vet("https://mixed.example/")


def test_a_dns_that_changes_its_answer_leads_nowhere(monkeypatch, receiver):
    """First public, to pass the check; then 127.0.0.1, to be connected to. We ask once."""
    asked = names(monkeypatch, {"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
    called = []
    real = outbound.httpcore.SyncBackend.connect_tcp

    def connect(self, host, port, **kwargs):
        called.append(host)
        return real(self, "127.0.0.1" if host == PUBLIC else "192.0.2.1", 9, timeout=0.5)

    monkeypatch.setattr(outbound.httpcore.SyncBackend, "connect_tcp", connect)
    url = f"http://rebind.example:{receiver.port}/"
    with pytest.raises(NotReached):
        send(url)
    assert (asked, called) == (["rebind.example"], [PUBLIC])
    with pytest.raises(Refused, match=r"127\.0\.0\.1"):
        send(url)
    assert receiver.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(receiver, status):
    with Receiver() as inner:
        receiver.answer = lambda _: (status, {"Location": inner.url}, b"")
        answer = send(receiver.url, allow=HERE)
        assert answer.status == status
        assert answer.headers["location"] == inner.url
        assert inner.received == []
    assert len(receiver.received) == 1


def test_proxies_of_the_environment_are_not_asked(monkeypatch, receiver):
    with Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(receiver.url, allow=HERE).status == 204
        assert proxy.received == []


def test_what_is_allowed_is_called_with_name_path_and_body(monkeypatch, receiver):
    names(monkeypatch, {"hooks.internal": [["127.0.0.1"]]})
    receiver.answer = lambda _: (200, {"Retry-After": "7"}, b"thanks")
    url = f"http://hooks.internal.:{receiver.port}/in/ä?q=ü&x=%20"
    answer = post(url, body=b"hello", headers={"webhook-id": "m1"}, allow=HERE)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (200, b"thanks", "7")
    [got] = receiver.received
    assert got.path == "/in/%C3%A4?q=%C3%BC&x=%20"
    assert got.headers["host"] == f"hooks.internal:{receiver.port}"
    assert (got.headers["webhook-id"], got.body) == ("m1", b"hello")
    with pytest.raises(Refused):
        send(url, allow=networks(["10.0.0.0/8"]))


def test_the_next_address_is_taken_when_the_first_does_not_answer(monkeypatch, receiver):
    names(monkeypatch, {"two.example": [["127.0.0.2", "127.0.0.1"]]})
    url = f"http://two.example:{receiver.port}/"
    assert send(url, allow=networks(["127.0.0.0/8"])).status == 204


def test_nobody_there_a_name_unknown_and_no_http_are_told_apart(monkeypatch):
    with create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        def answer() -> None:
            connection, _ = silent.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotReached) as protocol:
            send(f"http://127.0.0.1:{port}/", allow=HERE)
        thread.join()
    with pytest.raises(NotReached) as connect:
        send(f"http://127.0.0.1:{port}/", allow=HERE)
    with pytest.raises(NotReached) as dns:
        send("http://no-such-name.invalid/")
    kinds = (protocol.value.kind, connect.value.kind, dns.value.kind)
    assert kinds == ("protocol", "connect", "dns")
    assert str(connect.value) == "No connection: Connection refused."


def test_a_receiver_that_sends_a_byte_at_a_time_does_not_hold_us_up():
    """Each byte arrives long before a time-out per read; the time for everything ends."""
    hung_up = threading.Event()
    with create_server(("127.0.0.1", 0)) as slow:

        def drip() -> None:
            connection, _ = slow.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
                        connection.sendall(bytes([byte]))
                        hung_up.wait(0.02)
                except OSError:
                    hung_up.set()

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(NotReached, match=r"within 0\.5 seconds") as late:
            send(f"http://127.0.0.1:{slow.getsockname()[1]}/", allow=HERE, seconds=0.5)
        thread.join(timeout=30)
    assert late.value.kind == "timeout"
    assert hung_up.is_set()


def test_of_an_endless_answer_only_the_beginning_is_read(receiver):
    receiver.answer = lambda _: (200, {}, b"x" * 50_000_000)
    answer = send(receiver.url, allow=HERE)
    assert answer.status == 200
    assert answer.body == b"x" * outbound.MOST_KEPT


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for hooks.example, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "hooks.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def test_tls_checks_the_name_on_the_vetted_address(monkeypatch, certificate):
    names(monkeypatch, {"hooks.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    with Receiver(tls=serving) as receiver:
        with pytest.raises(NotReached, match="self-signed") as untrusted:
            send(f"https://hooks.example:{receiver.port}/", allow=HERE)
        assert untrusted.value.kind == "tls"
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(outbound, "ssl_context", lambda: trusting)
        assert send(f"https://hooks.example:{receiver.port}/", allow=HERE).status == 204
        assert receiver.server_names[-1] == "hooks.example"
        with pytest.raises(NotReached, match="mismatch"):
            send(f"https://other.example:{receiver.port}/", allow=HERE)
        with pytest.raises(NotReached):
            send(receiver.url, allow=HERE)  # the certificate names no IP address
    assert len(receiver.received) == 1


def test_a_network_that_is_none_is_named():
    with pytest.raises(ValueError, match="nonsense"):
        networks(["10.0.0.0/8", "nonsense"])
