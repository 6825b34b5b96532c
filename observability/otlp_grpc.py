"""OTLP over gRPC: three services of one method each, taken as bytes; packing and its bounds are the library's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from observability.otlp import MAX_BODY_BYTES, PROTOBUF, RefusedError, answer, parsed
from observability.spool import Spool

_PACKAGE = "opentelemetry.proto.collector"
_AT_ONCE = 16
_END_S = 2.0


def start(spool: Spool) -> tuple[int, Callable[[], None]]:
    """Put what is sent to a port of 127.0.0.1 into ``spool``; returns the port, and what ends it.

    Raises:
        RuntimeError: no port can be had.
    """
    import grpc  # here: it takes a quarter of a second, which no other command should

    def traces(body: bytes, context: Any) -> bytes:
        try:
            number, _ = parsed(PROTOBUF, body)
        except RefusedError:
            spool.count("malformed")
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "this is no message of OTLP")
        return answer(spool.keep(body, number)).SerializeToString()

    def counted(what: str) -> Callable[[bytes, Any], bytes]:
        def export(_body: bytes, _context: Any) -> bytes:
            spool.count(what)
            return b""

        return export

    services = {
        f"{_PACKAGE}.trace.v1.TraceService": traces,
        f"{_PACKAGE}.metrics.v1.MetricsService": counted("metrics"),
        f"{_PACKAGE}.logs.v1.LogsService": counted("logs"),
    }
    workers = ThreadPoolExecutor(2, thread_name_prefix="otlp-grpc")
    server = grpc.server(
        workers,
        handlers=[
            grpc.method_handlers_generic_handler(name, {"Export": grpc.unary_unary_rpc_method_handler(method)})
            for name, method in services.items()
        ],
        options=[("grpc.max_receive_message_length", MAX_BODY_BYTES), ("grpc.so_reuseport", 0)],
        maximum_concurrent_rpcs=_AT_ONCE,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    others = set(threading.enumerate())
    server.start()
    serving = set(threading.enumerate()) - others  # the library gives no hold of the thread that it starts

    def stop() -> None:
        server.stop(None).wait()
        workers.shutdown()
        for thread in serving:
            thread.join(_END_S)

    return port, stop
