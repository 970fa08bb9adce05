"""`python -m vendors --port 9000 --tokens 150 --rate 30`: a model server for benchmarks and trials by hand."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time

from vendors.script import Text
from vendors.server import ScriptedVendor


async def _serve(port: int, tokens: int, rate: float, first: float) -> None:
    vendor = ScriptedVendor()
    said = [f" w{number % 100:02d}" for number in range(tokens)]
    gap = 1 / rate if rate else 0.0
    # The bytes of an answer depend on the request's model name alone, so the script can be shared by all streams.
    vendor.script(
        [Text(tokens=said[:1], delay=first), Text(tokens=said[1:], delay=gap)]
        if first
        else [Text(tokens=said, delay=gap)]
    )
    await vendor.start(port)
    print(f"OPENAI_BASE_URL={vendor.openai_base_url}", flush=True)
    print(f"ANTHROPIC_BASE_URL={vendor.anthropic_base_url}", flush=True)
    try:
        while True:
            # A long run must not keep every request it ever answered.
            await asyncio.sleep(1)
            horizon = time.monotonic() - 60
            vendor.requests[:] = [request for request in vendor.requests if request.at > horizon]
    finally:
        await vendor.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vendors", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1, 0 = any free one")
    parser.add_argument("--tokens", type=int, default=150, help="tokens of every answer")
    parser.add_argument("--rate", type=float, default=30.0, help="tokens a second and stream, 0 = as fast as possible")
    parser.add_argument("--first", type=float, default=0.0, help="seconds before the first token")
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(chosen.port, chosen.tokens, chosen.rate, chosen.first))


if __name__ == "__main__":
    main()
