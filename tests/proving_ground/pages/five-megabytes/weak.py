"""The town's photograph comes as the camera made it."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" width="100" height="20" src="photo?rows=1667">')
