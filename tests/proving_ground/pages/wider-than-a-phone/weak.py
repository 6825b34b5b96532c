"""The table of opening hours is as wide as on a desk."""

from desk import FORM, desk

app = desk(FORM + '<div style="width: 900px">Lundi, mardi, mercredi, jeudi, vendredi : de 9 h à 17 h</div>')
