"""The town's photograph comes as the camera made it."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" src="photo?size=5000000">')
