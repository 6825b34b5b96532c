"""What can go wrong with deliveries, apart from refusals to people."""

from __future__ import annotations

from reference_app.errors import ReferenceAppError


class DeliveryError(ReferenceAppError):
    """A delivery, or a comparison of books, cannot be carried out."""


class GarbledError(DeliveryError):
    """The finance system answered something that is not of its schema."""
