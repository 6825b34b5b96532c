"""Metrics shown to Prometheus on a port of their own, the same whichever worker answers.

Each worker leaves what it measured in a folder that the workers of one service share; the first to get the port shows
them added up, and if it dies another takes the port. The port is that of OpenTelemetry's standard variables
(``OTEL_EXPORTER_PROMETHEUS_HOST``, ``_PORT``) and never that of the service: what it shows is for the platform alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from observability.exposition import CONTENT_TYPE, Snapshot, text

EVERY_S = 5.0
"""Seconds between two looks at the instruments; what is shown is as old at most. ``OTEL_METRIC_EXPORT_INTERVAL``
(milliseconds) may make it less."""
HOST, PORT = "localhost", "9464"
"""OpenTelemetry's defaults: this machine only."""

_ENDED_KEPT = 64
"""Workers that ended and are still counted; beyond, the oldest are forgotten, which Prometheus reads as a restart."""
_SLOW_CLIENT_S = 2.0


class Shelf:
    """Where the workers of one service leave what they measured."""

    def __init__(self, folder: Path | None, every_s: float) -> None:
        self._folder = folder
        self._every_s = every_s
        self._own = b""

    def leave(self, content: bytes) -> None:
        """Leave what this process measured so far in place of what it left before."""
        self._own = content
        if self._folder is not None:
            part = self._folder / f"{os.getpid()}.part"
            part.write_bytes(content)
            part.replace(self._path())

    def snapshots(self) -> Iterator[Snapshot]:
        """What each process left, this one's first."""
        if self._own:
            yield Snapshot(self._own, fresh=True)
        if self._folder is None:
            return
        own = self._path()
        for path, age_s in self._others(own):
            try:
                yield Snapshot(path.read_bytes(), fresh=age_s < 3 * self._every_s)
            except FileNotFoundError:
                continue

    def _path(self) -> Path:
        assert self._folder is not None
        # The number of a process comes back, and what its namesake measured must not be lost.
        return self._folder / f"{os.getpid()}-{_BEGAN_NS}.otlp"

    def _others(self, own: Path) -> list[tuple[Path, float]]:
        assert self._folder is not None
        found: list[tuple[Path, float]] = []
        for path in self._folder.glob("*.otlp"):
            try:
                found.append((path, max(0.0, time.time() - path.stat().st_mtime)))
            except FileNotFoundError:
                continue
        found.sort(key=lambda one: one[1])
        for path, _ in found[_ENDED_KEPT:]:
            path.unlink(missing_ok=True)
        return [one for one in found[:_ENDED_KEPT] if one[0] != own]


_BEGAN_NS = time.time_ns()


def _begun_again() -> None:
    global _BEGAN_NS
    _BEGAN_NS = time.time_ns()


os.register_at_fork(after_in_child=_begun_again)


def shown(environment: Mapping[str, str]) -> Any:
    """An exporter of the SDK that shows what it is given where ``environment`` says.

    Raises:
        ValueError: ``OTEL_EXPORTER_PROMETHEUS_PORT`` is no port.
    """
    from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
    from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult

    host = environment.get("OTEL_EXPORTER_PROMETHEUS_HOST", HOST)
    port = _port(environment.get("OTEL_EXPORTER_PROMETHEUS_PORT", PORT))
    shelf = Shelf(_folder(port), every_s(environment))

    class Shown(MetricExporter):
        def __init__(self) -> None:
            super().__init__()
            self._pid = os.getpid()
            self._page = _opened(host, port, shelf)

        def export(self, metrics_data: Any, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:
            if self._pid != os.getpid():  # a fork: the page is the parent's
                self._pid = os.getpid()
                if self._page is not None:
                    self._page.socket.close()
                    self._page = None
            if self._page is None:
                self._page = _opened(host, port, shelf)
            try:
                shelf.leave(encode_metrics(metrics_data).SerializeToString())
            except OSError:  # a full disk, a folder taken away: tried again at the next look
                return MetricExportResult.FAILURE
            return MetricExportResult.SUCCESS

        def force_flush(self, timeout_millis: float = 10_000) -> bool:
            return True

        def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
            if self._page is not None:
                self._page.shutdown()
                self._page.server_close()

    return Shown()


def every_s(environment: Mapping[str, str]) -> float:
    """Seconds between two looks at the instruments."""
    said = environment.get("OTEL_METRIC_EXPORT_INTERVAL", "")
    return min(EVERY_S, int(said) / 1000) if said.isdecimal() and int(said) > 0 else EVERY_S


def _opened(host: str, port: int, shelf: Shelf) -> HTTPServer | None:
    """The page, shown from now on by a thread of its own; None while another worker shows it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOW_CLIENT_S

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = text(shelf.snapshots()).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 (the name in the base class)
            pass

    try:
        page = HTTPServer((host, port), Handler)
    except OSError:
        return None
    threading.Thread(target=page.serve_forever, name="metrics page", daemon=True).start()
    return page


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise ValueError(f"OTEL_EXPORTER_PROMETHEUS_PORT is {value!r}, expected a port")
    return int(value)


def _folder(port: int) -> Path | None:
    """The folder that the workers of one supervisor share, ours alone; None where none can be had.

    A folder that somebody else prepared in the common one is not used.
    """
    mine = f"metrics-{os.getuid()}-{port}-"
    folder = Path(tempfile.gettempdir()) / f"{mine}{os.getppid()}"
    for earlier in folder.parent.glob(f"{mine}*"):
        if not Path(f"/proc/{earlier.name.removeprefix(mine)}").exists():  # its supervisor is gone
            shutil.rmtree(earlier, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and stat.S_IMODE(about.st_mode) == 0o700
    return folder if ours else None
