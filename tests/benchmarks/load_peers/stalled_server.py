"""A server that stalls 2 s in every 10: who comes then is answered when the stall is over. It prints its port."""

from __future__ import annotations

import asyncio
import time

_EVERY_S, _STALL_S = 10.0, 2.0
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            if (phase := time.monotonic() % _EVERY_S) < _STALL_S:
                await asyncio.sleep(_STALL_S - phase)
            writer.write(_ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 (what it is started for)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
