"""The town's photograph comes in the size in which it is shown."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" width="100" height="20" src="photo?rows=17">')
