"""Who is in a history: owners, speakers, readers, and those who may not speak."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.policy import ANYBODY, Reader, reader_for
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN

# in no rule set; a valid number all the same
STRANGER = "810059672"


@dataclass(frozen=True, slots=True)
class Cast:
    """The organisations of a history, by the part that they play.

    `reads_only` is known and has no line; `stranger` is not known at all; `past` is no
    longer in force when the story is told (None where there is none).
    """

    owners: tuple[str, ...]
    speakers: tuple[str, ...]
    reads_only: str
    stranger: str
    audiences: tuple[str, ...]
    past: str | None = None

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Every reader, by organisation number or as `public`; by the table in use."""
        known = (*self.speakers, self.reads_only)
        return {orgnr: reader_for(orgnr) for orgnr in known} | {"public": ANYBODY}


SPEAKERS = (NAV, AID, DIGDIR, KS, NARVIK)
CHANNELS = ("state", "municipal", "public", f"org:{KS}", f"org:{AID}", f"org:{NARVIK}")
REAL = Cast((NAV, NARVIK, KS), SPEAKERS, RIKSREVISJONEN, STRANGER, CHANNELS)
READERS = REAL.readers
