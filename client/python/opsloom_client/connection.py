"""One WebSocket, from its upgrade to its close code: frames out, frames in. It knows no sessions and no second try."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import PROTOCOL, ClientFrame, ServerFrame
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from opsloom_client.errors import Denied

FRAME_BYTES: Final = 16 * 1024 * 1024
"""Longest frame that is taken: a snapshot holds 50 messages or more, each with whole blocks."""

GOODBYE_WITHIN: Final = 1.0
"""Seconds for a close to be answered; over a half-open link it never is."""

_PASSING: Final = frozenset({408, 425, 429})


class Lost(Exception):
    """The connection is over. `close_code` is None where none was received."""

    def __init__(self, text: str, close_code: int | None = None) -> None:
        self.close_code = close_code
        super().__init__(text)


class Connection:
    """An open WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: ClientFrame) -> None:
        try:
            await self._socket.send(encode(frame), text=True)
        except ConnectionClosed as error:
            raise _lost(error) from None

    async def frames(self) -> AsyncIterator[ServerFrame]:
        """What the server says, but for types of a newer one. Raises `Lost` at the end, `ProtocolError` at nonsense."""
        while True:
            try:
                raw = await self._socket.recv(decode=False)
            except ConnectionClosed as error:
                raise _lost(error) from None
            frame = decode_server(raw)
            if frame is not None:
                yield frame

    def abort(self) -> None:
        """Let go at once; whoever reads hears that it is lost. A half-open link never says goodbye."""
        self._socket.transport.abort()


@asynccontextmanager
async def open_connection(url: str) -> AsyncIterator[Connection]:
    """Upgrade at `url`. Raises `Denied` where it is no use to come again, else `Lost`; closes it at the end."""
    try:
        # Uncompressed, as the protocol is by default: on a fast line deflate costs more than it saves.
        socket = await connect(
            url,
            subprotocols=[Subprotocol(PROTOCOL)],
            compression=None,
            max_size=FRAME_BYTES,
            # The link asks by itself, sooner than WebSocket pings would where something is expected.
            ping_interval=None,
            close_timeout=GOODBYE_WITHIN,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status >= 500 or status in _PASSING:
            raise Lost(f"The server answered {status}.") from error
        if status == 403:
            raise Denied("forbidden", "The server does not let this program connect.") from error
        raise Denied("not_found", f"There is no Opsloom server at this address (it answered {status}).") from error
    except InvalidURI as error:
        raise Denied("invalid", f"This is not the address of a server: {error}.") from error
    except ssl.SSLCertVerificationError as error:
        raise Denied("forbidden", f"The server's certificate does not hold: {error.verify_message}.") from error
    except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
        raise Lost(f"The server does not answer ({error or type(error).__name__}).") from error
    try:
        yield Connection(socket)
    finally:
        await socket.close()


def addresses(server: str) -> tuple[str, str]:
    """`http(s)://` for requests and `ws(s)://` for the socket, from any of them. Raises ValueError."""
    parts = urlsplit(server)
    schemes = {"http": ("http", "ws"), "https": ("https", "wss"), "ws": ("http", "ws"), "wss": ("https", "wss")}
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"{server!r} is not the address of a server, like https://chat.example.com")
    if parts.username or parts.password:
        raise ValueError("No user or password in the address: give a key, or nothing.")
    path = parts.path.rstrip("/").removesuffix("/ws")
    http, ws = schemes[parts.scheme]
    return urlunsplit((http, parts.netloc, f"{path}/", "", "")), urlunsplit((ws, parts.netloc, f"{path}/ws", "", ""))


def _lost(error: ConnectionClosed) -> Lost:
    if error.rcvd is None:
        return Lost("The connection broke.")
    return Lost(error.rcvd.reason or f"The server closed the connection ({error.rcvd.code}).", error.rcvd.code)
