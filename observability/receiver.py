"""An OTLP receiver for the time of an assessment, over HTTP and gRPC, on this machine only.

While load runs it does the least: it checks a message, keeps its bytes in an unnamed temporary file, answers. Spans are
read from that file afterwards (docs/decisions/0041), so neither memory nor the cores under test pay for the analysis,
and nothing a service exported stays on disk after the run.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

import uvicorn

from observability import one_port, otlp_grpc, otlp_http
from observability.received import Received
from observability.spool import MAX_BYTES, MAX_READ, MAX_SPANS, Spool

_LAST_ARRIVALS_S = 0.05


class ReceiverError(Exception):
    """The receiver of spans could not start."""


class Receiver:
    """Accepts OTLP on 127.0.0.1 inside a ``with`` block; :meth:`received` afterwards gives what came.

    Args:
        folder: where the unnamed temporary file is made; the system's default if None.
        max_spans: spans kept; those beyond are refused with a partial success and counted.
        max_spool_bytes: bytes kept on disk, likewise.
        max_read: spans read at the end; of more, a share of the traces, which is said.

    Raises:
        ReceiverError: no port or no temporary file can be had.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        max_spans: int = MAX_SPANS,
        max_spool_bytes: int = MAX_BYTES,
        max_read: int = MAX_READ,
    ) -> None:
        self._folder = folder
        self._bounds = max_spans, max_spool_bytes, max_read

    def __enter__(self) -> Self:
        try:
            with ExitStack() as opened:
                self._spool = opened.enter_context(closing(Spool(self._folder, *self._bounds)))
                self._listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
                self._http = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
                self._grpc_port, stop_grpc = otlp_grpc.start(self._spool)
                opened.callback(stop_grpc)
                self._opened = opened.pop_all()
        except (OSError, RuntimeError) as error:  # the latter is how gRPC says that it got no port
            said = error.strerror if isinstance(error, OSError) else error
            raise ReceiverError(f"the receiver of spans cannot start: {said}") from error
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        config = uvicorn.Config(
            otlp_http.application(self._spool),
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="otlp-receiver", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._opened.close()

    def kept(self) -> int:
        """Spans kept so far."""
        return self._spool.spans

    def received(self) -> Received:
        """What was kept so far; call it inside the ``with`` block, once the service has stopped."""
        return self._spool.received()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that spans carried: the name of an attribute, "name" for a span or an event, and what it says.

        Call it like :meth:`received`.
        """
        return self._spool.texts()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        front = await one_port.serve(self._listening, self._http.getsockname()[1], self._grpc_port)
        try:
            await self._server.serve(sockets=[self._http])
        finally:
            front.close()
            await asyncio.sleep(_LAST_ARRIVALS_S)  # who connects just now gets a task, which is then cancelled like all
