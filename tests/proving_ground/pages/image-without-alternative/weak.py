"""The picture that explains the step has no words for whoever does not see it."""

from desk import FORM, desk

app = desk('<img src="photo">' + FORM)
