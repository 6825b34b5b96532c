"""Sound twin: the page of the developers is gone."""

from ground import hall

app = hall()
