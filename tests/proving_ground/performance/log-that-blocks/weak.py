"""The journal is far away and slow, and each request writes to it before it answers."""

import logging
import time

from bench import service

app = service()


class Journal(logging.Handler):
    """Stands for a disk or a server that takes its time."""

    def emit(self, record: logging.LogRecord) -> None:
        time.sleep(0.025)


journal = logging.getLogger("journal")
journal.addHandler(Journal())
journal.setLevel(logging.INFO)
journal.propagate = False


@app.get("/dossiers")
async def dossiers(n: int = 1) -> str:
    journal.info("dossier %s was looked at", n)
    return "seen"
