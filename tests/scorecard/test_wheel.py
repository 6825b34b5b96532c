"""What the wheel must hold; ``make test-wheel`` runs these against the installed wheel, away from the source tree."""

import os
import sys
from importlib import import_module, resources
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
PACKAGES = ("reference_app", "loadtests", "security", "k8s", "observability", "scorecard")


@pytest.mark.wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_comes_from_where_the_tests_mean_it_to_come_from(package: str) -> None:
    file = Path(str(import_module(package).__file__))
    if os.environ.get("PORTANCE_WHEEL"):
        assert file.is_relative_to(sys.prefix), f"{package} is imported from {file}, not from the wheel"
    else:
        assert file.is_relative_to(TREE)


@pytest.mark.wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_every_data_file_of_the_tree_is_in_the_package(package: str) -> None:
    """Templates, catalogues, criteria, migrations and manifests are found where the program looks for them."""
    in_tree = {
        str(f.relative_to(TREE / package))
        for f in (TREE / package).rglob("*")
        if f.is_file() and "__pycache__" not in f.parts
    }
    with resources.as_file(resources.files(package)) as folder:
        missing = sorted(name for name in in_tree if not (folder / name).exists())
    assert missing == []
