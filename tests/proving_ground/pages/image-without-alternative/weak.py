"""The picture that explains the step has no words for whoever does not see it."""

from desk import FORM, desk

app = desk('<img width="100" height="20" src="photo">' + FORM)
