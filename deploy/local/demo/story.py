"""The scripted story, made up and marked synthetic: what can go well, and what not.

Whether KS may read a saying is written beside it by hand: it is what the system's own
answer is held against.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .says import AID, KS, NARVIK, NAV, Json, Saying, System


def days_from_now(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@dataclass
class Story:
    """The systems of the parties, and what they say act by act."""

    aid: System = field(default_factory=lambda: System(AID, "saksys"))
    nav: System = field(default_factory=lambda: System(NAV, "portefolje"))
    narvik: System = field(default_factory=lambda: System(NARVIK, "acos"))
    ks: System = field(default_factory=lambda: System(KS, "fellesarena"))
    ended_share: Saying | None = None

    def state_announces(self) -> Iterator[Saying]:
        """One shared early, one after its lock, and some that KS may not read."""
        aid, nav = self.aid, self.nav
        decisions = ["concept", "supplier", "funding_split", "timeline"]
        yield aid.announces(
            "felles-soknad",
            "Felles digital søknad om økonomisk sosialhjelp",
            "Søkeren må oppgi de samme opplysningene til stat og kommune.",
            for_ks=True,
        )
        yield aid.locks(
            "felles-soknad", "budget_proposal_sent", days_from_now(280), for_ks=True
        )
        yield aid.shares(
            "felles-soknad", "municipal", for_ks=True, open_decisions=decisions
        )
        yield nav.announces(
            "ny-veilederflate",
            "Ny arbeidsflate for veiledere i Nav-kontoret",
            "Veilederne bytter mellom fagsystemer hos to eiere.",
            for_ks=True,
        )
        yield nav.locks("ny-veilederflate", "contract", days_from_now(-40), for_ks=True)
        yield nav.shares(
            "ny-veilederflate", "municipal state", for_ks=True, open_decisions=[]
        )
        yield nav.announces(
            "intern-utredning",
            "Utredning før satsingsforslag",
            "Ikke avklart internt.",
            for_ks=False,
            visibility="own",
        )
        yield aid.announces(
            "ikke-delt", "Meldt, men ikke delt", "Venter på forankring.", for_ks=False
        )

    def a_share_that_will_end(self) -> Iterator[Saying]:
        yield self.nav.announces(
            "samtykke",
            "Felles samtykkeløsning",
            "Brukeren samtykker to ganger til det samme.",
            for_ks=True,
        )
        self.ended_share = self.nav.shares("samtykke", f"org:{KS}", for_ks=True)
        yield self.ended_share

    def the_share_ends(self) -> Iterator[Saying]:
        """What is said afterwards reaches KS no more."""
        if self.ended_share is None:
            raise RuntimeError("nothing was shared that could end")
        grant = self.ended_share.event
        data: Json = {
            "grant": {"source": grant["source"], "id": grant["id"]},
            "reason": "Trukket tilbake til intern vurdering.",
        }
        subject = grant["subject"]
        yield self.nav.says(subject, "share.ended", data, for_ks=True)
        change = {"changes": {"summary": "Vurderes på nytt uten deling."}}
        yield self.nav.says(subject, "initiative.amended", change, for_ks=False)

    def municipality_announces(self) -> Iterator[Saying]:
        """The other way: KS reads it because the municipality shares with KS too."""
        yield self.narvik.announces(
            "digital-mottak",
            "Digitalt mottak for Nav Narvik, Evenes og Gratangen",
            "Tre kommuner har hver sin inngang til det samme kontoret.",
            for_ks=True,
        )
        yield self.narvik.locks(
            "digital-mottak", "architecture_fixed", days_from_now(120), for_ks=True
        )
        yield self.narvik.shares(
            "digital-mottak",
            f"org:{KS} state",
            for_ks=True,
            open_decisions=["architecture", "timeline"],
        )

    def under_embargo(self, opens: datetime) -> Iterator[Saying]:
        yield self.nav.announces(
            "budsjettsak",
            "Satsing i statsbudsjettet",
            "Kjent for KS først når budsjettet er lagt fram.",
            for_ks=True,
        )
        yield self.nav.locks(
            "budsjettsak", "law_on_hearing", days_from_now(75), for_ks=True
        )
        data: dict[str, Any] = {"not_before": opens.isoformat(timespec="milliseconds")}
        yield self.nav.shares("budsjettsak", f"org:{KS}", for_ks=True, **data)

    def ks_answers(self) -> Iterator[Saying]:
        subject = f"{AID}:felles-soknad"
        yield self.ks.says(
            subject,
            "initiative.acknowledged",
            {"reader_role": "Sekretariatet for digitaliseringsutvalget"},
            for_ks=True,
        )
        yield self.ks.says(
            subject,
            "response.submitted",
            {
                "key": "innspill-1",
                "position": "supports_with_conditions",
                "text": "KS støtter tiltaket dersom kommunenes kostnader anslås først.",
                "conditions": ["Kostnadene i kommunene anslås før BP2"],
                "language": "nb",
            },
            for_ks=True,
        )

    def badly_formed(self) -> Saying:
        """No title, a field nobody knows, and a municipality that does not exist."""
        data = {
            "problem": "Tittelen mangler.",
            "contact_role": "Felles postkasse",
            "titel": "skrivefeil",
            "municipalities": ["9999"],
        }
        return self.nav.says(f"{NAV}:feil", "initiative.registered", data, for_ks=False)
