"""Where the next page begins: what a page gave, and nothing that was made up."""

from base64 import b64decode, urlsafe_b64encode

from schemas.identity import MARK_BYTES

from .store import PLACE_BYTES


def after_place(place: bytes) -> str:
    """`next` of a page of initiatives: the place of its last one."""
    return urlsafe_b64encode(place).decode()


def place_in(text: str) -> bytes:
    """The place again. Raises ValueError for anything that `after_place` never gave."""
    place = decoded(text)
    if len(place) != PLACE_BYTES:
        raise ValueError("of another length")
    return place


def after_fact(mark: bytes) -> str:
    """`next` of a page of facts: the last one, by its identity alone.

    Its coordinates would tell how much others have said in between.
    """
    return urlsafe_b64encode(mark).decode()


def mark_in(text: str) -> bytes:
    """The mark again. Raises ValueError for anything else."""
    mark = decoded(text)
    if len(mark) != MARK_BYTES:
        raise ValueError("of another length")
    return mark


def decoded(text: str) -> bytes:
    return b64decode(text, altchars=b"-_", validate=True)
