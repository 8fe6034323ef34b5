"""The nginx of deploy/README.md, as printed there, before the API as the Procfile runs it."""

import re
import shlex
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from servers import LocalProcess, PackageMissing, ensure_installed, free_port

from settings import ROOT

pytestmark = pytest.mark.slow

NGINX = Path("/usr/sbin/nginx")
SAMPLE = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
THREADS = 2
"""Of the API: so many slow clients would shut out everybody else."""

HOST = "publish.example.com"
LIST = "/api/v1/integration/integrations/"
HEAD = f"POST {LIST} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"


@pytest.fixture
def api(sqlite_database, environment, broker_url, tmp_path):
    """The API with the Procfile's options; returns its port."""
    port = free_port()
    environment.setenv("CELERY_BROKER_URL", broker_url)
    for name, value in {"LIMIT_REFUSED": 1, "PROXY_HOPS": 1}.items():
        environment.setenv(f"IGNY8_{name}", str(value))
    process = LocalProcess("web", web_command(port), tmp_path, env={"PYTHONPATH": str(ROOT)})
    with process:
        process.wait_for_port(port)
        yield port


def web_command(port, **changed):
    """Return the Procfile's line for the API on a port, with other values of some options."""
    (line,) = re.findall(r"^web: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    words = shlex.split(re.sub(r"\$\{(\w+):-[^}]*\}", r"{\1}", line))
    words = [word.format(HOST="127.0.0.1", PORT=port) for word in words]
    for option, value in {"--blocking-threads": THREADS, **changed}.items():
        words[words.index(option) + 1] = str(value)
    return [sys.executable, "-m", *words]


@pytest.fixture
def proxy(api, tmp_path):
    """nginx with the sample before it; returns its port."""
    try:
        ensure_installed("nginx-light", NGINX)
    except PackageMissing as missing:
        pytest.skip(str(missing))
    port = free_port()
    make_certificate(tmp_path)
    (tmp_path / "nginx.conf").write_text(configuration(tmp_path, port, api))
    command = [NGINX, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", "stderr"]
    with LocalProcess("nginx", command, tmp_path) as process:
        process.wait_for_port(port)
        yield port


def make_certificate(folder):
    subject = ["-subj", f"/CN={HOST}", "-days", "2", "-nodes"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)


def configuration(folder, port, api):
    """Return the sample with our ports, a certificate, and shorter patience."""
    (sample,) = SAMPLE.findall((ROOT / "deploy" / "README.md").read_text())
    certificate = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    changes = {
        "listen 443": f"listen 127.0.0.1:{port}",
        "# ssl_certificate …": certificate,
        "127.0.0.1:8000": f"127.0.0.1:{api}",
        "client_body_timeout 10s": "client_body_timeout 1s",
    }
    for old, new in changes.items():
        assert old in sample, f"{old} is gone from the sample: this test must follow it"
        sample = sample.replace(old, new)
    scratch = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{name}_temp_path {folder}/{name};\n" for name in scratch)
    # What it needs to run in a folder, beside what is sampled.
    alone = f"daemon off; master_process off; pid {folder}/pid; events {{}}\n"
    return f"{alone}http {{ access_log off;\n{places}{sample}}}\n"


def connect(port, source="127.0.0.1"):
    plain = socket.create_connection(("127.0.0.1", port), 60, source_address=(source, 0))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=HOST)


def answer_of(connection):
    """Return all that comes until the server ends the connection."""
    said = b""
    while more := connection.recv(65536):
        said += more
    return said.decode()


def status(port, *lines, path=LIST, host=HOST, **more):
    head = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines]
    with connect(port, **more) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
        return int(answer_of(connection).split(" ", 2)[1])


def test_a_caller_is_limited_by_its_own_address_and_not_by_the_one_it_names(proxy):
    found = [status(proxy, f"X-Forwarded-For: 203.0.113.{number}") for number in (1, 2)]

    assert found == [401, 429]
    assert status(proxy, source="127.0.0.2") == 401, "another caller has a count of its own"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"host": "elsewhere.example"}, 400, id="a foreign host"),
        pytest.param({"path": "/metrics"}, 403, id="metrics"),
        pytest.param({"path": "/metrics/"}, 403, id="metrics with a slash"),
        pytest.param({"path": "/readyz"}, 403, id="readiness"),
        pytest.param({"path": "/healthz"}, 200, id="health"),
    ],
)
def test_what_is_not_for_everybody(proxy, asked, expected):
    assert status(proxy, **asked) == expected


def test_a_long_body_is_refused_unread(proxy):
    with connect(proxy) as connection:
        connection.sendall(f"{HEAD}Content-Length: {4 * 2**20}\r\n\r\n".encode())
        assert answer_of(connection).split(" ", 2)[1] == "413"


def test_bodies_that_never_come_hold_no_thread_and_are_ended(proxy):
    """More of them than the API has threads; others are answered meanwhile."""
    slow = [connect(proxy) for _ in range(THREADS + 3)]
    for connection in slow:
        connection.sendall(f'{HEAD}Content-Length: 100\r\n\r\n{{"site'.encode())

    assert status(proxy, path="/healthz") == 200

    for connection in slow:
        assert answer_of(connection)[:12] in {"", "HTTP/1.1 408"}
        connection.close()


def test_headers_that_never_come_are_ended_by_the_api_itself(sqlite_database, tmp_path):
    port = free_port()
    command = web_command(port, **{"--http1-header-read-timeout": 500})
    with LocalProcess("web", command, tmp_path, env={"PYTHONPATH": str(ROOT)}) as process:
        process.wait_for_port(port)
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            connection.sendall(HEAD.encode())
            assert "200" not in answer_of(connection)
