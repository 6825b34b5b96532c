"""The town's photograph comes in the size in which it is shown."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" src="photo?size=50000">')
