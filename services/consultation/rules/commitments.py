"""Two keys: a hash that binds a line to its scorecard without telling it."""

import hmac

from schemas.topics import Line

from .acts import hash_of


def commitment(
    nonce: str,
    line: Line,
    item: str,
    criteria: str,
    round: int,
    scorecard: dict[str, int],
) -> str:
    """What a line commits to: SHA-256 over the RFC 8785 form of all of it.

    The nonce has 128 bits, so nobody finds the scorecard by trying; the line, item,
    version and round are in it, so nobody can use another's.
    """
    return hash_of(
        {
            "nonce": nonce,
            "line": line,
            "item": item,
            "criteria": criteria,
            "round": round,
            "scorecard": scorecard,
        }
    )


def is_same(one: str, another: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), another.encode())
