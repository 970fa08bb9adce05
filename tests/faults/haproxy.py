"""haproxy before the nodes, with a configuration of the bench's own: no sticky sessions, health by /health/ready."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from conftest import free_port

CONFIGURATION: Final = """\
global
    maxconn 8000
defaults
    mode http
    option http-server-close
    option forwardfor
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
    retries 3
    option redispatch
    retry-on conn-failure empty-response 503
frontend people
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk GET /health/ready
    default-server check inter 250ms fall 1 rise 1
{servers}
"""


@asynccontextmanager
async def haproxy(ports: Sequence[int]) -> AsyncIterator[int]:
    """A running haproxy before these ports; gives its own."""
    program = shutil.which("haproxy") or "/usr/sbin/haproxy"
    port = free_port()
    servers = "\n".join(f"    server node{at} 127.0.0.1:{one}" for at, one in enumerate(ports))
    with tempfile.TemporaryDirectory(prefix="opsloom-haproxy-") as folder:
        file = Path(folder) / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(port=port, servers=servers))
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen([program, "-db", "-f", str(file)], stdout=log, stderr=log)
        try:
            async with asyncio.timeout(10):
                while True:
                    try:
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                    except ConnectionRefusedError:
                        if process.poll() is not None:
                            raise RuntimeError((Path(folder) / "log").read_text()) from None
                        await asyncio.sleep(0.05)
                    else:
                        writer.close()
                        break
            yield port
        finally:
            process.terminate()
            process.wait(10)
            log.close()
