"""Characters that a format cannot hold: tools print them, strangers send them."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def for_xml(words: str) -> str:
    """``words`` with what XML 1.0 cannot hold, even escaped, replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", words)


def one_line(words: str) -> str:
    """``words`` on one line: each run of control characters, line breaks and lone surrogates becomes one space."""
    return _NOT_A_LINE.sub(" ", words).strip()


def for_log(words: str) -> str:
    """``words`` on one line of the log of a pipeline, where "##[" anywhere is a command to GitHub's runner."""
    return one_line(words).replace("##[", "# #[")
