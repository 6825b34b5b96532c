"""What is told by mail: the kinds of news, and the two sentences of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reference_app.errors import N_


class News(StrEnum):
    """What happened."""

    FILED = "filed"
    CORRECTION = "correction"
    MESSAGE = "message"
    DECIDED = "decided"
    REOPENED = "reopened"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    TOMORROW = "tomorrow"
    DRAFT_SOON_PURGED = "draft_soon_purged"


@dataclass(frozen=True)
class Words:
    """Subject and body, to be translated; they name no content, only what a person needs to find it."""

    subject: str
    body: str


WORDS = {
    News.FILED: Words(
        N_("Your request %(number)s is filed"),
        N_("We have received your request. Its receipt, with the date by which we answer, is on its page."),
    ),
    News.CORRECTION: Words(
        N_("Your request %(number)s needs something from you"),
        N_("Nobody examines your request until you send it back. What is asked is on its page."),
    ),
    News.MESSAGE: Words(
        N_("A message about your request %(number)s"),
        N_("The service wrote to you. The message, and a place to answer, are on the page of your request."),
    ),
    News.DECIDED: Words(
        N_("Your request %(number)s is decided"),
        N_("The decision, its reasons and what you can do against it are on the page of your request."),
    ),
    News.REOPENED: Words(
        N_("Your request %(number)s is examined again"),
        N_("Why it was reopened is on its page."),
    ),
    News.BOOKED: Words(
        N_("Your appointment %(number)s"),
        N_("You are expected on %(moment)s, at %(place)s. You can move or cancel the appointment on its page."),
    ),
    News.MOVED: Words(
        N_("Your appointment %(number)s was moved"),
        N_("You are now expected on %(moment)s, at %(place)s. The earlier time is given up."),
    ),
    News.CANCELLED: Words(
        N_("Your appointment %(number)s is cancelled"),
        N_("Nobody expects you any more. You can book another time at any moment."),
    ),
    News.TOMORROW: Words(
        N_("Your appointment %(number)s is tomorrow"),
        N_("You are expected on %(moment)s, at %(place)s. If you cannot come, cancel it: somebody waits for a place."),
    ),
    News.DRAFT_SOON_PURGED: Words(
        N_("A draft of yours will soon be deleted"),
        N_("You began a request and did not file it. It will be deleted, unless you open it and save it again."),
    ),
}

LABELS = {
    News.FILED: N_("Receipt of your request"),
    News.CORRECTION: N_("Correction asked for"),
    News.MESSAGE: N_("Message of the service"),
    News.DECIDED: N_("Decision"),
    News.REOPENED: N_("Request reopened"),
    News.BOOKED: N_("Appointment booked"),
    News.MOVED: N_("Appointment moved"),
    News.CANCELLED: N_("Appointment cancelled"),
    News.TOMORROW: N_("Reminder of the day before"),
    News.DRAFT_SOON_PURGED: N_("Draft soon deleted"),
}
