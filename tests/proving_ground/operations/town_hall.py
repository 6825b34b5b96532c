"""A town hall that takes requests, shows its metrics and writes a log: ``python town_hall.py PORT FOLDER``.

What it shows is in metrics.txt beside this file; how it writes a line of its log, in FOLDER/log-line.txt.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
NUMBERS = count(1)
LOG_LINE = Path(sys.argv[2]) / "log-line.txt"


class TownHall(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer((HERE / "metrics.txt").read_bytes() if self.path == "/metrics" else b"open", "text/plain")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        receipt = f"MAIRIE-2026-{next(NUMBERS):08d}"
        trace_id = self.headers.get("traceparent", "--").split("-")[1]
        if LOG_LINE.exists():
            print(LOG_LINE.read_text().strip().format(receipt=receipt, trace_id=trace_id), flush=True)
        self._answer(f'{{"receipt": "{receipt}"}}'.encode(), "application/json")

    def _answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), TownHall).serve_forever()
