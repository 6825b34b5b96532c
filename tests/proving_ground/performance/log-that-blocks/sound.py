"""The request leaves its line in a queue; a thread of its own writes it to the slow journal."""

import logging
import queue
import time
from logging.handlers import QueueHandler, QueueListener

from bench import service

app = service()


class Journal(logging.Handler):
    """Stands for a disk or a server that takes its time."""

    def emit(self, record: logging.LogRecord) -> None:
        time.sleep(0.025)


lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
journal = logging.getLogger("journal")
journal.addHandler(QueueHandler(lines))
journal.setLevel(logging.INFO)
journal.propagate = False
QueueListener(lines, Journal()).start()


@app.get("/dossiers")
async def dossiers(n: int = 1) -> str:
    journal.info("dossier %s was looked at", n)
    return "seen"
