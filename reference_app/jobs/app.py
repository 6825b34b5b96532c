"""Every task there is: the blueprints of the rooms, by the name of the room."""

from __future__ import annotations

from procrastinate import App, Blueprint, PsycopgConnector

from reference_app.campaigns import jobs as campaigns
from reference_app.deliveries import jobs as deliveries
from reference_app.instruction import jobs as instruction
from reference_app.jobs import housekeeping
from reference_app.notifications import jobs as notifications
from reference_app.open_data import jobs as open_data
from reference_app.partners import jobs as partners
from reference_app.pieces import jobs as pieces
from reference_app.rights import jobs as rights

BLUEPRINTS: dict[str, Blueprint] = {
    "jobs": housekeeping.blueprint,
    "campaigns": campaigns.blueprint,
    "deliveries": deliveries.blueprint,
    "partners": partners.blueprint,
    "notifications": notifications.blueprint,
    "open_data": open_data.blueprint,
    "pieces": pieces.blueprint,
    "instruction": instruction.blueprint,
    "rights": rights.blueprint,
}
"""A task ``name`` of room ``room`` is staged as ``room:name``."""

CATCH_UP_S = 24 * 3600.0
"""A periodic task whose time went by while no worker ran is made up for within a day: a purge is late, not left out."""


def _app() -> App:
    app = App(connector=PsycopgConnector(), periodic_defaults={"max_delay": CATCH_UP_S})
    for room, blueprint in BLUEPRINTS.items():
        app.add_tasks_from(blueprint, namespace=room)
    return app


app = _app()
