"""What slows a route first, and what to mend: rules over the requests of a run, each tried on planted defects."""

from observability.diagnosis.diagnose import Seen, diagnose
from observability.diagnosis.diagnosis import Diagnosis

__all__ = ["Diagnosis", "Seen", "diagnose"]
