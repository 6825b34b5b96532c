"""The form is there; a script only moves the cursor into it."""

from desk import FORM, desk

app = desk(f"{FORM}<script>document.querySelector('input').focus()</script>")
