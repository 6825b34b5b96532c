"""What a job may need: the parts of the service, as a request handler has them."""

from __future__ import annotations

from procrastinate import JobContext

from reference_app.parts import Parts

KEY = "parts"


def parts_of_job(context: JobContext) -> Parts:
    """The parts of the process that does this job."""
    parts = context.additional_context[KEY]
    assert isinstance(parts, Parts)  # nosec B101 (states an invariant to the reader and to the type checker)
    return parts
