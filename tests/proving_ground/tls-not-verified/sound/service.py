"""The tax office is asked for an income. Sound twin: its certificate is verified."""

import httpx
from ground import hall

app = hall()
TAX_OFFICE = "https://tax.example.org"


def income(number: int) -> int:
    answer = httpx.get(f"{TAX_OFFICE}/incomes/{number}", timeout=5)
    return int(answer.json()["income"])
