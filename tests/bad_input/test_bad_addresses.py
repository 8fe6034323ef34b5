"""Door 3, addresses of sites: refused when a site is added, and again when it is talked to."""

import datetime as dt
import socket
import ssl
import threading

import pytest
import sqlalchemy as sa
import trustme
from chains import run_due
from commands import igny8
from factories import make_publication, reload
from peers import RawPeer, answer

import settings
from models import Integration, PublicationState, Site
from models.session import session_scope
from pipeline.errors import PublishError, SiteError, TemporaryError
from platforms.addresses import resolve
from platforms.base import Target
from platforms.http import Request, SiteHttp

WRITE = Request("POST", "/", writes=True, body=b"the body")

PRIVATE = [
    pytest.param("127.0.0.1", id="b53-loopback"),
    pytest.param("127.1", id="b53-short"),
    pytest.param("2130706433", id="b53-decimal"),
    pytest.param("0x7f000001", id="b53-hex"),
    pytest.param("0177.0.0.1", id="b53-octal"),
    pytest.param("localhost", id="b53-name"),
    pytest.param("LOCALHOST", id="b53-name-in-capitals"),
    pytest.param("localhost.", id="b53-name-with-a-dot"),
    pytest.param("a.localhost", id="b53-name-below-it"),
    pytest.param("①②⑦.⓪.⓪.①", id="b53-circled-digits"),
    pytest.param("[::1]", id="b54-loopback"),
    pytest.param("[::ffff:127.0.0.1]", id="b54-mapped"),
    pytest.param("[64:ff9b::7f00:1]", id="b54-nat64"),
    pytest.param("[2002:7f00:1::]", id="b54-6to4"),
    pytest.param("[fe80::1%25eth0]", id="b54-link-local"),
    pytest.param("[fd00::1]", id="b54-unique-local"),
    pytest.param("[::127.0.0.1]", id="b55-compatible"),
    pytest.param("[fec0::1]", id="b55-site-local"),
    pytest.param("10.0.0.1", id="b56-ten"),
    pytest.param("172.16.0.1", id="b56-172"),
    pytest.param("192.168.0.1", id="b56-192"),
    pytest.param("100.64.0.1", id="b56-carrier"),
    pytest.param("169.254.169.254", id="b56-metadata"),
    pytest.param("0.0.0.0", id="b56-any"),
    pytest.param("224.0.0.1", id="b56-multicast"),
    pytest.param("255.255.255.255", id="b56-broadcast"),
]
MALFORMED = [
    pytest.param("file:///etc/passwd", id="b52-file"),
    pytest.param("ftp://x.de", id="b52-ftp"),
    pytest.param("gopher://x.de:70/_x", id="b52-gopher"),
    pytest.param("data:text/html,x", id="b52-data"),
    pytest.param("javascript:alert(1)", id="b52-javascript"),
    pytest.param("", id="b52-empty"),
    pytest.param("//x.de", id="b52-no-scheme"),
    pytest.param("http:\\\\x.de", id="b52-backslashes"),
    pytest.param("https://x\t.de", id="b52-inner-tab"),
    pytest.param("https://x.de\n.evil.de", id="b52-inner-newline"),
    pytest.param("https://user:hunter2@x.de", id="b60-login"),
    pytest.param("https://x.de#@127.0.0.1", id="b60-host-in-the-fragment"),
    pytest.param("https://x.de/@127.0.0.1", id="b60-at-in-the-path"),
    pytest.param("https://x.de:22", id="b61-ssh"),
    pytest.param("https://x.de:6379", id="b61-redis"),
    pytest.param("https://x.de:5432", id="b61-postgresql"),
    pytest.param("https://x.de:0", id="b61-zero"),
    pytest.param("https://x.de:65536", id="b61-too-large"),
    pytest.param("https://" + "a" * 300 + ".de", id="b62-long-label"),
    pytest.param("https://" + "a." * 150 + "de", id="b62-long-name"),
    pytest.param("https://x..de", id="b62-empty-label"),
    pytest.param("https://x.de/a/../b", id="b63-climbing"),
    pytest.param("https://x.de/%2e%2e/b", id="b63-climbing-encoded"),
    pytest.param("https://x.de/?p=1", id="b63-query"),
    pytest.param("https://x.de/#a", id="b63-fragment"),
]


@pytest.fixture
def no_packets(monkeypatch):
    """Every connection that is tried is written down, and none is made."""
    tried = []

    def refuse(_sock, address):
        # The application's bells go on ringing the broker after the test that they rang for.
        if not threading.current_thread().name.endswith("-bell"):
            tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


def sites():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(Site)))


def site_at(url, key="k" * 20):
    return SiteHttp(Target(hash(url) % 10**9, "wordpress", url, key))


@pytest.mark.usefixtures("sqlite_database", "no_private_hosts")
class TestAdding:
    @pytest.mark.parametrize("url", MALFORMED)
    def test_what_is_no_address_of_a_site_is_refused(self, url, no_packets):
        ran = igny8("site", "add", url, "--key", "k", "--no-check")

        assert (ran.code, sites(), no_packets) == (4, [], []), ran.err
        assert len(ran.err.splitlines()) == 1
        assert "hunter2" not in ran.err

    @pytest.mark.parametrize("host", PRIVATE)
    def test_a_private_address_is_refused(self, host, no_packets):
        ran = igny8("site", "add", f"http://{host}", "--key", "k", "--no-check")

        assert (ran.code, sites(), no_packets) == (4, [], []), ran.err
        assert "--allow-private" in ran.err

    @pytest.mark.parametrize("url", [pytest.param("http://127.0.0.1:8000/", id="b64-ours")])
    def test_our_own_address_is_refused(self, url):
        ran = igny8("site", "add", url, "--key", "k", "--allow-private", "--no-check")

        assert (ran.code, "our own address" in ran.err, sites()) == (4, True, [])

    @pytest.mark.parametrize(
        ("url", "kept"),
        [
            pytest.param(
                "https://\N{CYRILLIC SMALL LETTER A}pple.de",
                "https://xn--pple-43d.de",
                id="b62-homograph",
            ),
            pytest.param(
                "https://\N{FULLWIDTH LATIN SMALL LETTER W}ww.x.de",
                "https://www.x.de",
                id="b62-wide-letters",
            ),
        ],
    )
    def test_look_alike_letters_are_shown_for_what_they_are(self, url, kept):
        igny8("site", "add", url, "--key", "k", "--no-check")

        assert [site.url for site in sites()] == [kept]


@pytest.mark.usefixtures("sqlite_database", "no_private_hosts")
class TestTalking:
    @pytest.mark.parametrize("host", PRIVATE)
    def test_a_private_address_gets_no_packet(self, host, no_packets):
        with pytest.raises(PublishError) as refused:
            site_at(f"http://{host}").send(WRITE)

        assert isinstance(refused.value, SiteError | TemporaryError)
        assert no_packets == []

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("metadata.google.internal", id="b56-metadata-name"),
            pytest.param("site.example", id="b56-name-of-a-private-address"),
        ],
    )
    def test_a_name_of_a_private_address_gets_no_packet(self, name, no_packets, monkeypatch):
        answers(monkeypatch, ["169.254.169.254"])

        with pytest.raises(SiteError, match="not a public address"):
            site_at(f"http://{name}").send(WRITE)
        assert no_packets == []

    @pytest.mark.parametrize(
        "found",
        [
            pytest.param(["10.0.0.1", "8.8.8.8"], id="b57-private-first"),
            pytest.param(["8.8.8.8", "127.0.0.1"], id="b57-public-first"),
        ],
    )
    def test_of_several_addresses_only_the_public_is_tried(self, found, no_packets, monkeypatch):
        answers(monkeypatch, found)

        with pytest.raises(TemporaryError, match="could not connect"):
            site_at("http://two.example").send(WRITE)
        assert no_packets == [("8.8.8.8", 80)]
        assert [address for _, address in resolve("two.example", 80, frozenset())] == [
            ("8.8.8.8", 80)
        ]

    @pytest.mark.parametrize("rebound", [pytest.param("127.0.0.1", id="b58-rebinding")])
    def test_the_address_that_was_checked_is_the_one_that_is_used(
        self, rebound, no_packets, monkeypatch
    ):
        asked = answers(monkeypatch, ["8.8.8.8"], [rebound])

        with pytest.raises(TemporaryError):
            site_at("http://rebinding.example").send(WRITE)
        assert (len(asked), no_packets) == (1, [("8.8.8.8", 80)])

    @pytest.mark.parametrize(
        "host",
        [
            pytest.param("a" * 300 + ".example", id="b62-long-label"),
            pytest.param("a..example", id="b62-empty-label"),
        ],
    )
    def test_a_name_that_can_not_be_means_that_nothing_was_sent(self, host, no_packets):
        with pytest.raises((TemporaryError, SiteError)):
            site_at(f"http://{host}").send(WRITE)
        assert no_packets == []

    @pytest.mark.parametrize(
        "variable",
        [
            pytest.param("HTTP_PROXY", id="b65-http"),
            pytest.param("HTTPS_PROXY", id="b65-https"),
            pytest.param("ALL_PROXY", id="b65-all"),
        ],
    )
    def test_a_proxy_does_not_get_around_the_check(self, variable, monkeypatch):
        with RawPeer(answer(200, b"{}")) as proxy:
            for name in (variable, variable.lower()):
                monkeypatch.setenv(name, proxy.url)
            with pytest.raises(SiteError, match="not a public address"):
                site_at("http://10.0.0.1").send(WRITE)
            assert proxy.heard == []


def answers(monkeypatch, *found):
    """Make the resolver answer ``found``, one list after the other; return what it was asked."""
    asked, waiting = [], list(found)

    def getaddrinfo(host, port, *_, **__):
        asked.append(host)
        addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        pytest.param("http://127.0.0.1:1/", id="b59-to-loopback"),
        pytest.param("http://plain.example/", id="b59-to-http"),
        pytest.param("https://other.example/", id="b59-to-another-host"),
        pytest.param("/wp-json/igny8/v1/publish", id="b59-loop"),
    ],
)
def test_a_redirect_is_not_followed_and_suspends_the_site(
    integration, simulated_site, turn_dial, sqlite_database, code, location
):
    turn_dial(kind="redirect", code=code, location=location, path="")
    publication = make_publication(integration)
    run_due()

    assert (reload(publication).state, simulated_site.posts) == (PublicationState.QUEUED, [])
    with session_scope(read_only=True) as session:
        assert location in session.get(Integration, integration.id).suspended_reason


def contexts():
    ours, foreign = trustme.CA(), trustme.CA()
    ended = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return ours, {
        "good": ours.issue_cert("127.0.0.1"),
        "expired": ours.issue_cert("127.0.0.1", not_after=ended),
        "wrong name": ours.issue_cert("elsewhere.example"),
        "unknown authority": foreign.issue_cert("127.0.0.1"),
    }


@pytest.mark.usefixtures("sqlite_database")
class TestCertificates:
    @pytest.mark.parametrize(
        ("kind", "reaches"),
        [
            pytest.param("good", True, id="b66-good"),
            pytest.param("expired", False, id="b66-expired"),
            pytest.param("wrong name", False, id="b66-wrong-name"),
            pytest.param("unknown authority", False, id="b66-unknown-authority"),
        ],
    )
    def test_only_a_site_that_proves_its_name_gets_the_body(self, tmp_path, kind, reaches):
        authority, certificates = contexts()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificates[kind].configure_cert(context)
        roots = tmp_path / "roots.pem"
        authority.cert_pem.write_to_path(roots)
        with RawPeer(answer(200, b"{}"), context=context) as peer:
            site = site_at(peer.url)
            site._session.verify = str(roots)
            if reaches:
                assert site.send(WRITE).json() == {}
            else:
                with pytest.raises(SiteError) as refused:
                    site.send(WRITE)
                assert refused.value.code == "tls"
            assert any(b"the body" in request for request in peer.heard) is reaches

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="b66-old-tls-alone"),
            pytest.param(b"\x15\x03\x03\x00\x02\x02\x28", id="b66-no-cipher"),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="b66-no-tls-at-all"),
        ],
    )
    def test_a_site_without_safe_tls_gets_nothing(self, reply):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            site = site_at(f"https://127.0.0.1:{listener.getsockname()[1]}")
            heard = serve_once(listener, reply)
            with pytest.raises(SiteError) as refused:
                site.send(WRITE)
            assert refused.value.code == "tls"
        assert b"the body" not in heard.result(10)


def serve_once(listener, reply):
    from concurrent.futures import ThreadPoolExecutor

    def run():
        connection, _ = listener.accept()
        with connection:
            heard = connection.recv(65536)
            connection.sendall(reply)
            connection.settimeout(5)
            try:
                return heard + connection.recv(65536)
            except OSError:
                return heard

    return ThreadPoolExecutor(1).submit(run)


def test_a_private_host_that_is_allowed_is_talked_to(sqlite_database):
    assert "127.0.0.1" in settings.current().allowed_private_hosts
    with RawPeer(answer(200, b"{}")) as peer:
        assert site_at(peer.url).send(WRITE).status == 200
