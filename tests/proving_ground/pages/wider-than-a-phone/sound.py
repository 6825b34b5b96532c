"""The table of opening hours folds."""

from desk import FORM, desk

app = desk(FORM + '<div style="max-width: 900px">Lundi, mardi, mercredi, jeudi, vendredi : de 9 h à 17 h</div>')
