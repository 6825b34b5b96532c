"""The picture that explains the step says it in words too."""

from desk import FORM, desk

app = desk('<img alt="Le justificatif se trouve au dos de la carte" width="100" height="20" src="photo">' + FORM)
