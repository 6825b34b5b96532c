"""A server that stalls for so many seconds in every ten: who comes then is answered when the stall is over.

``stalled_server.py SECONDS`` prints its port; ``/moments`` tells when the requests for ``/`` came, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

_EVERY_S = 10.0
_STALL_S = float(sys.argv[1])
_MOMENTS: list[float] = []


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            now = time.monotonic()
            path = head.split(b" ", 2)[1]
            body = json.dumps(_MOMENTS).encode() if path == b"/moments" else b"{}"
            if path == b"/":
                _MOMENTS.append(now)
            if path != b"/moments" and (phase := now % _EVERY_S) < _STALL_S:
                await asyncio.sleep(_STALL_S - phase)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 (what it is started for)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
