"""The service as it is built into an image."""

from ground import hall

app = hall()
