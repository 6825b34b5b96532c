"""The icons of the page are one file."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" src="photo?size=3000">')
