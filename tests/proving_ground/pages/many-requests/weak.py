"""Each icon of the page is a file of its own."""

from desk import FORM, desk

app = desk(FORM + "".join(f'<img alt="" width="100" height="20" src="photo?part={number}">' for number in range(300)))
