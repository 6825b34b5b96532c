"""A line to one source: what is asked over it is bounded in time and in how many at once, and never insists."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import httpx

from reference_app.errors import ReferenceAppError
from reference_app.sources.gate import Gate

AT_ONCE = 10
"""Questions of one worker to one source at once: far below the 1000 a minute that an address may ask."""

IN_FLIGHT_TRIES = 3
IN_FLIGHT_WAIT_S = 0.3
UNTOLD_WAIT_S = 60.0
"""How long to stay away after a 429 that does not say: quotas are counted by the minute."""

_ALONE = "is left alone for now"
_OURS = ("00201", "00202", "00203")
"""Codes of a 422 that say that our own settings are wrong, not what was asked about."""

_log = logging.getLogger("reference_app")


class SourceAway(ReferenceAppError):  # noqa: N818 (named for what happened, as refusals are)
    """A source gave no answer that can be used; why is for the log."""


class Line:
    """To the source ``name`` at ``url``; a question takes ``budget_s`` at most, waiting for its turn included."""

    def __init__(
        self,
        name: str,
        url: str,
        http: httpx.AsyncClient,
        budget_s: float,
        *,
        gate: Gate | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name, self._url, self._http, self._budget_s, self._wall = name, url.rstrip("/"), http, budget_s, wall
        self.gate = gate if gate is not None else Gate()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def get(self, path: str, parameters: Mapping[str, str], token: str) -> bytes | None:
        """The body of a good answer; None when the source knows nothing of what is asked.

        Raises:
            SourceAway: it rests, is slow, fails or refuses.
        """
        if self.gate.closed():
            raise SourceAway(f"{self._name} {_ALONE}")
        asking = False
        try:
            async with asyncio.timeout(self._budget_s), self._places:
                if not self.gate.passes(self._budget_s):  # closed while this one waited for its turn
                    raise SourceAway(f"{self._name} {_ALONE}")
                asking = True
                response = await self._answered(path, parameters, token)
        except TimeoutError as error:
            if asking:  # no place in time is our own crowd, no failure of the source
                self.gate.failed()
            raise self._away("did not answer in time") from error
        except httpx.HTTPError as error:
            self.gate.failed()
            raise self._away(type(error).__name__) from error
        return self._read(response)

    async def _answered(self, path: str, parameters: Mapping[str, str], token: str) -> httpx.Response:
        for _ in range(IN_FLIGHT_TRIES):
            response = await self._http.get(
                f"{self._url}{path}", params=parameters, headers={"Authorization": f"Bearer {token}"}
            )
            if response.status_code != 409:  # 00015: the same question is in flight, asked by somebody else
                break
            await asyncio.sleep(IN_FLIGHT_WAIT_S)
        return response

    def _read(self, response: httpx.Response) -> bytes | None:
        self._heed(response)
        match response.status_code:
            case 200:
                self.gate.answered()
                return response.content
            case 404:
                self.gate.answered()
                return None
            case 422 if not any(code in response.text for code in _OURS):
                self.gate.answered()
                return None
            case 409 | 429:
                raise self._away(f"answered {response.status_code}")
            case status:  # 401, 403 and a wrong 422 too: what is refused is refused the next time
                self.gate.failed()
                raise self._away(f"answered {status}")

    def _heed(self, response: httpx.Response) -> None:
        """Stay away as long as the source says: whoever goes on after a 429 is shut out for twelve hours."""
        if response.status_code == 429:
            told = response.headers.get("retry-after", "")
            self.gate.wait(max(1.0, float(told)) if told.isdecimal() else UNTOLD_WAIT_S)
        elif response.headers.get("ratelimit-remaining") == "0":
            reset = response.headers.get("ratelimit-reset", "")  # a time, in seconds since 1970
            self.gate.wait(max(1.0, int(reset) - self._wall()) if reset.isdecimal() else UNTOLD_WAIT_S)

    def _away(self, why: str) -> SourceAway:
        _log.warning("%s %s", self._name, why)
        return SourceAway(f"{self._name} {why}")
