"""Ports for what is ended and started again on the same one."""

import random
import socket
from typing import Final

# Below where Linux takes the ports of outgoing connections from (32768): while a node is down, one of thousands of
# connections of the bench itself would otherwise get its port, and the node could not come back.
LOWEST: Final = 18_000
HIGHEST: Final = 32_000


def lasting_port() -> int:
    """A TCP port of loopback that is free, and that no outgoing connection takes meanwhile."""
    while True:
        port = random.randint(LOWEST, HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
