"""Mail to the agents. The password of the relay comes from the environment."""

import os

from ground import hall

app = hall()
RELAY = {"host": "mail.example.org", "password": os.environ.get("RELAY_SECRET", "")}
