"""Workers of a load on other machines, as the options of the command line name them."""

from __future__ import annotations

import pytest

from scorecard.cli.errors import CommandError
from scorecard.cli.workers import invitation, load_workers
from scorecard.site import LoadWorkers


def test_an_address_and_a_number_are_the_workers_of_a_load() -> None:
    assert load_workers("192.0.2.1:5557", 8) == LoadWorkers("192.0.2.1", 5557, 8)


def test_what_is_no_address_is_refused_with_an_example_in_both_languages() -> None:
    with pytest.raises(CommandError) as refused:
        load_workers("192.0.2.1", 8)
    assert "--workers-listen: '192.0.2.1' is not HOST:PORT" in refused.value.text.en
    assert "n’est pas de la forme HÔTE:PORT" in refused.value.text.fr


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_invitation_holds_the_command_for_the_other_machines(lang: str) -> None:
    said = invitation(LoadWorkers("192.0.2.1", 5557, 8), "fr" if lang == "fr" else "en")
    assert "8" in said
    assert "portance load-worker --master 192.0.2.1:5557" in said
