"""What a request for the queue asks to see, on the page and in the API alike."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field

from reference_app.dossiers.draft import Optional
from reference_app.dossiers.states import State
from reference_app.instruction.queue import Filters, Order, Waits

Name = Annotated[str, Field(max_length=120)]
Days = Annotated[int, Field(ge=0, le=3650)]
Group = Annotated[Name | None, Optional, Query(description="Of this group only.")]
Before = Annotated[UUID | None, Query(description="`previous` of the part after.")]


async def _filters(  # async: FastAPI runs a plain function in a thread
    state: Annotated[State, Query(description="State of the dossiers listed.")] = State.EN_CONSTRUCTION,
    mine: Annotated[bool, Query(description="Only those I have under review or decided.")] = False,
    group: Group = None,
    procedure: Annotated[Name | None, Optional, Query(description="Of this procedure only.")] = None,
    waits: Annotated[
        Waits | None, Optional, Query(description="Only those that wait for an agent, a correction, an advice.")
    ] = None,
    older_than: Annotated[Days | None, Optional, Query(description="Filed so many days ago or more.")] = None,
    order: Annotated[Order, Query(description="What comes first.")] = Order.AGE,
) -> Filters:
    return Filters(
        state=state, mine=mine, group=group, procedure=procedure, waits=waits, older_than=older_than, order=order
    )


Asked = Annotated[Filters, Depends(_filters)]
