"""HTTP messages as they pass the fault proxy: read whole, and made up."""

from dataclasses import dataclass
from urllib.parse import unquote

LINE_LIMIT = 65536


@dataclass(frozen=True)
class Message:
    """A request or an answer: its first line, its headers in lower case, its body."""

    first: str
    headers: dict[str, str]
    body: bytes = b""
    is_whole: bool = True
    """False where only the end of the connection ends the body."""

    @property
    def method(self):
        return self.first.split()[0]

    @property
    def decoded(self):
        return unquote(self.first.split()[1])

    def head(self, **changes):
        headers = {**self.headers, **{name.replace("_", "-"): v for name, v in changes.items()}}
        lines = [self.first, *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def read_message(reader, *, is_answer, bodiless=False):
    """Return the next request or answer on a connection; None when it ended before one."""
    first = reader.readline(LINE_LIMIT).decode("latin-1").strip()
    if len(first.split()) < 2:
        return None
    headers = {}
    while line := reader.readline(LINE_LIMIT).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if bodiless:
        return Message(first, headers)
    length = headers.get("content-length")
    if length is None and is_answer:
        return Message(first, headers, reader.read(), is_whole=False)
    body = reader.read(int(length or 0))
    return Message(first, headers, body) if len(body) == int(length or 0) else None
