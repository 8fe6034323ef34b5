"""What taking a webhook in costs, beside authentication alone and beside a row and a task for each.

The three take turns on one server, so the ratios hold on a busy machine; the rates do not.
"""

import argparse
import json
import socket
import statistics
import sys
import threading
import time
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench"), str(ROOT / "tests")]

CONNECTIONS = 16
STORED, AUTH, TASK = (
    "/api/v1/integration/webhooks/wordpress/status/",
    "/bench/auth-only",
    "/bench/row-and-task",
)
SECRET = "whsec_" + "c2VjcmV0" * 6
_numbers = count(1)


def request(path: str, key: str, site_url: str) -> bytes:
    """Return a signed webhook as bytes on the wire; no two are the same."""
    from pipeline.signing import signature

    number = next(_numbers)
    body = json.dumps(
        {
            "post_id": number,
            "content_id": 0,
            "post_status": "publish",
            "post_url": f"{site_url}/a-post-{number}/",
            "post_title": "A title of the usual length, as editors write them",
            "site_url": site_url,
            "event": "updated",
            "sequence": 1,
            "modified_gmt": "2026-11-20T10:00:00Z",
            "origin": "editor",
        }
    ).encode()
    name, stamp = f"bench.{number}", str(int(time.time()))
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-IGNY8-API-Key: {key}",
        f"webhook-id: {name}",
        f"webhook-timestamp: {stamp}",
        f"webhook-signature: {signature(name, stamp, body, SECRET)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def converse(port: int, requests: list[bytes], took: list[float]) -> None:
    """Send requests one after the other on one connection; note how long each answer took."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for sent in requests:
            began = time.perf_counter()
            line.sendall(sent)
            read_answer(line)
            took.append(time.perf_counter() - began)


def read_answer(line: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if b" 202 " not in head.split(b"\r\n", 1)[0]:
        raise SystemExit(f"not taken: {data[:400]!r}")
    length = next(
        int(each.split(b":")[1])
        for each in head.lower().split(b"\r\n")
        if each.startswith(b"content-length:")
    )
    while len(body) < length:
        body += line.recv(65536)


def one_round(port: int, path: str, key: str, url: str, size: int) -> tuple[float, list[float]]:
    """Return the rate of a round, and what each request took."""
    shares = [
        [request(path, key, url) for _ in range(size // CONNECTIONS)] for _ in range(CONNECTIONS)
    ]
    took: list[float] = []
    threads = [threading.Thread(target=converse, args=(port, s, took)) for s in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / (time.perf_counter() - began), took


def main() -> None:
    """Run, and print the medians of the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--size", type=int, default=1600, help="requests of a round (1600)")
    options.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    options.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.here:  # a child of the process below, in which our settings are those of the run
        serve_and_measure(chosen.here, chosen.rounds, chosen.size)
        return
    from own_servers import run_again

    sys.exit(run_again(__file__, sqlite=chosen.sqlite, IGNY8_TICK="1", LOG_LEVEL="ERROR"))


def serve_and_measure(folder: Path, rounds: int, size: int) -> None:
    """Measure in a process whose settings are those of the run."""
    from servers import LocalProcess, free_port

    key, url = make_site()
    port = free_port()
    words = ["--interface", "wsgi", "--no-ws", "--port", str(port), "--blocking-threads", "32"]
    command = [sys.executable, "-m", "granian", *words, "webhook_doors:app"]
    path = f"{ROOT}:{ROOT / 'bench'}"
    with LocalProcess("web", command, folder, port=port, env={"PYTHONPATH": path}) as web:
        web.wait_for_port()
        measure(port, key, url, rounds, size)


def make_site() -> tuple[str, str]:
    from factories import SITE_KEY, make_integration
    from factories import make_site as site_of

    from cli.database import upgrade
    from models.session import session_scope

    upgrade()
    with session_scope() as session:
        site = site_of(session, url="https://bench.example", key=SITE_KEY)
        site.webhook_secret, site.require_signature = SECRET, True
        make_integration(session, site)
    return SITE_KEY, "https://bench.example"


def measure(port: int, key: str, url: str, rounds: int, size: int) -> None:
    doors = (STORED, AUTH, TASK)
    for door in doors:  # connections, caches
        one_round(port, door, key, url, size // 4)
    rates: dict[str, list[float]] = {door: [] for door in doors}
    spread = []
    for number in range(rounds):
        for door in doors[number % 3 :] + doors[: number % 3]:
            rate, took = one_round(port, door, key, url, size)
            rates[door].append(rate)
            if door == STORED:
                cut = statistics.quantiles(took, n=100)
                spread.append(cut[98] / cut[49])
    of_auth = statistics.median(a / b for a, b in zip(rates[STORED], rates[AUTH], strict=True))
    of_task = statistics.median(a / b for a, b in zip(rates[STORED], rates[TASK], strict=True))
    for door in doors:
        print(f"{door}: {statistics.median(rates[door]):.0f}/s")
    print(f"stored / authentication alone: {of_auth:.2f} (wanted: 0.28 or more)")
    print(f"stored / row and task: {of_task:.2f} (wanted: 1.5 or more)")
    print(f"p99 / p50 of stored: {statistics.median(spread):.1f} (wanted: 5 or less)")


if __name__ == "__main__":
    main()
