"""The icons of the page are one file."""

from desk import FORM, desk

app = desk(FORM + '<img alt="" width="100" height="20" src="photo">')
