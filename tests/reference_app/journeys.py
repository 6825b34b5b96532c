"""All the journeys, and which pages axe looks at on the way because no list of pages leads there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import journeys_of_agents as of_agents
import journeys_of_people as of_people
from scene import Scene

INVITED = frozenset({"/invitations", "/invitations/form", "/invitations/declined"})
NONE: frozenset[str] = frozenset()

JOURNEYS: Mapping[Callable[[Scene], None], frozenset[str]] = {
    of_people.what_the_register_knows_is_filled_in_and_corrected: NONE,
    of_people.a_register_that_is_down_leaves_fields_to_type_in: NONE,
    of_people.pieces_are_sent_one_by_one_and_one_is_refused: NONE,
    of_people.both_sides_write_and_news_goes_where_one_says: NONE,
    of_people.a_draft_is_deleted_then_all_that_is_held: NONE,
    of_people.a_draft_goes_to_the_counter_and_is_filed_there: NONE,
    of_people.an_opening_is_waited_for_in_line: frozenset({"/salle-attente/{procedure}"}),
    of_people.a_request_is_filed_by_keyboard: NONE,
    of_people.an_appointment_is_booked_by_keyboard: NONE,
    of_agents.a_dossier_is_found_and_somebody_outside_gives_advice: NONE,
    of_agents.several_are_decided_together_and_one_is_paid_elsewhere: NONE,
    of_agents.an_export_and_the_synthesis_are_read: NONE,
    of_agents.a_supervisor_puts_a_colleague_in_a_group_and_takes_them_out: frozenset({"/agent/groups/{group}/members"}),
    of_agents.firms_are_invited_and_answer_or_decline: INVITED,
}
LOOKED_AT: frozenset[str] = frozenset().union(*JOURNEYS.values())
"""Pages that journeys show to axe."""
