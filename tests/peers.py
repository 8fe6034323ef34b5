"""A peer on a raw socket that answers what a test tells it, and writes down what it was sent."""

import socket
import threading
from contextlib import suppress


class RawPeer:
    """Answers the requests of its connections one after the other; the last answer repeats."""

    def __init__(self, *answers, context=None):
        self.answers = list(answers)
        self.heard = []
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self):
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with suppress(OSError), connection:  # a sender that left is what some tests are about
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._serve(connection)

    def _serve(self, connection):
        self.heard.append(_request(connection))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        for piece in answer() if callable(answer) else [answer]:
            connection.sendall(piece)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _request(connection):
    """Return one request as it came, head and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value) and (more := connection.recv(65536)):
                body += more
    return head + b"\r\n\r\n" + body


def answer(status, body=b"", *headers):
    """Return an answer's bytes; it says its length, and that the connection ends."""
    lines = [
        f"HTTP/1.1 {status} X".encode(),
        b"Content-Type: application/json",
        f"Content-Length: {len(body)}".encode(),
        b"Connection: close",
        *(line.encode("latin-1") for line in headers),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
