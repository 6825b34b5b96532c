"""Start what stands in for others: processes of their own on free ports, gone when the service goes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from reference_app import children, stopping
from reference_app.children import Child
from reference_app.identity_provider.contract import SECRET_VARIABLE
from reference_app.identity_provider.identities import CHAMBER_SIRET
from reference_app.listening import listen, port_of
from reference_app.settings import PREFIX
from reference_app.stand_ins.business_register import TOKEN_VARIABLE

LOOPBACK = "127.0.0.1"
CLIENT_ID = "portance-reference"


@dataclass(frozen=True)
class StandIn:
    """A started stand-in, and the settings that have the service use it."""

    child: Child
    settings: Mapping[str, str]


def start_all(stack: ExitStack, service_url: str) -> list[StandIn]:
    """Start all of them, each with the settings of those before at hand; wait for them together."""
    started: list[StandIn] = []
    settings: dict[str, str] = {}
    for one in ALL:
        started.append(one(stack, service_url, settings))
        settings |= started[-1].settings
    return started


def identity_provider(stack: ExitStack, service_url: str, _: Mapping[str, str]) -> StandIn:
    """Start the identity provider of citizens and of agents."""
    secret = secrets.token_urlsafe(32)

    def arguments(base: str) -> Sequence[str]:
        return ["--issuer", f"{base}/api/v2", "--service-url", service_url, "--client-id", CLIENT_ID]

    child, base = start(
        stack, "the identity provider", "reference_app.identity_provider", arguments, {SECRET_VARIABLE: secret}
    )
    settings = {
        f"{PREFIX}CITIZEN_ISSUER": f"{base}/api/v2",
        f"{PREFIX}CITIZEN_CLIENT_ID": CLIENT_ID,
        f"{PREFIX}CITIZEN_CLIENT_SECRET": secret,
        f"{PREFIX}AGENT_ISSUER": f"{base}/agents/api/v2",
        f"{PREFIX}AGENT_CLIENT_ID": CLIENT_ID,
        f"{PREFIX}AGENT_CLIENT_SECRET": secret,
        f"{PREFIX}AGENT_SIRETS": CHAMBER_SIRET,
    }
    return StandIn(child, settings)


def business_register(stack: ExitStack, _service_url: str, _: Mapping[str, str]) -> StandIn:
    """Start the register of businesses."""
    token = secrets.token_urlsafe(32)
    module = "reference_app.stand_ins.business_register"
    child, base = start(stack, "the business register", module, lambda _: [], {TOKEN_VARIABLE: token})
    return StandIn(child, {f"{PREFIX}BUSINESS_REGISTER_URL": base, f"{PREFIX}SOURCES_TOKEN": token})


def family_allowances(stack: ExitStack, _service_url: str, settings: Mapping[str, str]) -> StandIn:
    """Start the family allowance fund, which takes tokens of the identity provider."""
    arguments = ["--issuer", settings[f"{PREFIX}CITIZEN_ISSUER"]]
    module = "reference_app.stand_ins.family_allowances"
    child, base = start(stack, "the family allowance fund", module, lambda _: arguments, {})
    return StandIn(child, {f"{PREFIX}FAMILY_ALLOWANCES_URL": base})


def finance(stack: ExitStack, _service_url: str, _: Mapping[str, str]) -> StandIn:
    """Start the old finance system."""
    child, base = start(stack, "the finance system", "reference_app.stand_ins.finance", lambda _: [], {})
    return StandIn(child, {f"{PREFIX}FINANCE_URL": base})


ALL: tuple[Callable[[ExitStack, str, Mapping[str, str]], StandIn], ...] = (
    identity_provider,
    business_register,
    family_allowances,
    finance,
)
"""What starts each: given the settings that those before it made."""


def start(
    stack: ExitStack,
    name: str,
    module: str,
    arguments: Callable[[str], Sequence[str]],
    environment: Mapping[str, str],
) -> tuple[Child, str]:
    """Start ``python -m module`` on a free port; it is stopped when ``stack`` ends.

    ``arguments`` gives its arguments from the address it will have. Returns the process and that address.
    """
    taken = stack.enter_context(closing(listen(LOOPBACK, 0)))
    base = f"http://{LOOPBACK}:{port_of(taken)}"
    with stopping.held():
        child = children.start(name, module, arguments(base), environment, taken.fileno())
        stack.callback(children.stop, [child])
    return child, base
