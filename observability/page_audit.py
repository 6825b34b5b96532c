"""What axe-core says of a page: the rules that elements break, and the tests of RGAA they belong to.

Which test of RGAA 4 a rule belongs to is said by axe-core itself, in the tags of its rules (``RGAA-1.1.1``).
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from playwright.async_api import Page

from observability.views import Audit, Violation, Window

# The package carries axe-core; the rest of it is for the synchronous driver.
_SCRIPT = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

# Rules of the law (RGAA 4, WCAG A and AA): good practices beyond it and experimental rules are not run.
# On a phone the size of links and controls is looked at too, which WCAG asks for since 2.2 and RGAA 4 does not.
_RUN = """async (phone) => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'RGAAv4'];
  const SIZE = 'target-size';
  const rules = { [SIZE]: { enabled: phone } };
  // Elements that pass are not listed one by one, which takes half of the time; their rules are still named.
  const resultTypes = ['violations', 'incomplete'];
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, rules, resultTypes });
  const small = found.violations.filter(rule => rule.id === SIZE).flatMap(rule => rule.nodes);
  for (const kind of ['passes', 'violations', 'incomplete', 'inapplicable'])
    found[kind] = found[kind].filter(rule => rule.id !== SIZE);
  const place = node => node.target.flat(9).join(' ').slice(0, 300);
  const ran = ['passes', 'violations', 'incomplete', 'inapplicable'].flatMap(kind => found[kind]);
  return {
    version: found.testEngine.version,
    tests: [...new Set(ran.flatMap(rule => rule.tags))],
    to_review: found.incomplete.reduce((sum, rule) => sum + rule.nodes.length, 0),
    violations: found.violations.flatMap(rule => rule.nodes.map(node => ({
      rule: rule.id, impact: node.impact ?? rule.impact ?? 'serious', help: rule.help, tags: rule.tags,
      selector: place(node) }))),
    small: small.map(place),
  };
}"""


async def audit(page: Page, window: Window, *, private: bool) -> Audit:
    """What axe says of ``page``, in the state it is in; where it is ``private`` without values of attributes."""
    await page.evaluate(_SCRIPT)
    found = await page.evaluate(_RUN, window == "phone")
    return Audit(
        violations=tuple(_violation(one, private=private) for one in found["violations"]),
        to_review=found["to_review"],
        tests=frozenset(_tests(found["tests"])),
        version=found["version"],
        small_targets=tuple(_without_values(place) if private else place for place in found["small"]),
    )


def _violation(found: dict[str, Any], *, private: bool) -> Violation:
    return Violation(
        rule=found["rule"],
        impact=found["impact"],
        selector=_without_values(found["selector"]) if private else found["selector"],
        help=found["help"],
        criteria=tuple(sorted(_tests(found["tags"]))),
    )


def _without_values(selector: str) -> str:
    """A selector without the values of attributes, which may be an address or a name of somebody."""
    return re.sub(r"""=(?:"[^"]*"|'[^']*')""", '="…"', selector)


def _tests(tags: list[str]) -> list[str]:
    return [tag.removeprefix("RGAA-") for tag in tags if tag.startswith("RGAA-")]
