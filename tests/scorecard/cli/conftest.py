from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

POC = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        body = json.dumps({"hello": "world"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

PROJECT = """
[project]
name = "Masques"
users = 5_000

[target]
start = "python poc.py {port}"
source = "src"

[[journeys]]
name = "look"
steps = [{ get = "/", contains = "hello" }]
"""


@pytest.fixture
def poc(tmp_path: Path) -> Path:
    """A folder with a small proof of concept and its project file."""
    (tmp_path / "poc.py").write_text(POC, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def answer() -> int:\n    return 42\n", encoding="utf-8")
    (tmp_path / "portance.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def portance() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command as a user does: a process of its own, in a folder, with its output kept."""

    def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scorecard.cli", *arguments],
            cwd=cwd,
            env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "COLUMNS": "200", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run
