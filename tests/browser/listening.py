"""Someone who hears whatever comes: connections, what is sent on them, and datagrams."""

import socket
import threading
from types import TracebackType
from typing import Self


class Listener:
    """Takes part in nothing: a connection is heard of, read for a moment and closed."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._ending = threading.Event()
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._threads = [
            threading.Thread(target=self._accept, name="listener"),
            threading.Thread(target=self._receive, name="listener for datagrams"),
        ]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._tcp.getsockname()[1]}"

    @property
    def udp_port(self) -> int:
        return int(self._udp.getsockname()[1])

    def _accept(self) -> None:
        self._tcp.settimeout(0.1)
        while not self._ending.is_set():
            try:
                connection, _ = self._tcp.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._read, args=(connection,), name="listener's connection", daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        connection.settimeout(1)
        with connection:
            try:
                line = connection.recv(400).split(b"\r\n", 1)[0].decode("latin-1")
                connection.sendall(
                    b"HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\n"
                )
            except OSError:
                line = ""
        self.heard.append(line or "a connection without a word")

    def _receive(self) -> None:
        self._udp.settimeout(0.1)
        while not self._ending.is_set():
            try:
                data, _ = self._udp.recvfrom(2_000)
            except TimeoutError:
                continue
            self.heard.append(f"a datagram of {len(data)} bytes")

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(5)
        self._tcp.close()
        self._udp.close()
