"""Names as text: what stands in a user's file name does nothing to a terminal or a page."""

from __future__ import annotations

import unicodedata

# what turns round what follows, or breaks the line
_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def visible(text: str) -> str:
    """Return the text with control characters written out, so that a name cannot steer the terminal."""
    return "".join(f"\\u{ord(sign):04x}" if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    """Tell whether a sign does something to a terminal, or (half of one, as in a name that is no text) stops it."""
    return sign in _STEERING or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t")
