"""A meeting of the joint arena: scored by both lines, advised, decided by each.

Made up and marked synthetic. The calendar is turned where people would wait.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from services.consultation.policies import criteria
from services.consultation.rules.commitments import commitment

from .asking import Asking
from .calendar import days_ahead, turn
from .says import AID, KS, NARVIK, NAV, Json

SCOPES = "tidlig:arena.participate tidlig:arena.secretariat tidlig:initiatives.read"
OTHER = {AID: KS, KS: AID}
LINES = {AID: "state", KS: "municipal"}
# longer than the fifteen working days for a position, with any holidays
SILENCE = 40
DISSENT = "Kommunene bør ikke betale før driften er finansiert."
QUESTIONS = (
    (
        AID,
        f"{AID}:felles-soknad",
        "Bør felles digital søknad inn i budsjettet for 2028?",
    ),
    (AID, f"{NAV}:ny-veilederflate", "Når bør veilederne få én arbeidsflate?"),
    (KS, f"{NARVIK}:digital-mottak", "Bør digitalt mottak prøves ut i flere kontorer?"),
)
# what each line gives each item, by every criterion alike
POINTS = {AID: (4, 3, 1), KS: (3, 1, 4)}


class NotTaken(Exception):
    """The arena did not do what the story has it do."""


@dataclass
class Meeting:
    """The secretariat and members of both lines, and what they have done so far."""

    arena: Asking
    folder: Path
    say: Callable[[str], None]
    wait: Callable[[str, Callable[[], bool]], None]
    versions: dict[str, int] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)

    def play(self) -> None:
        """From three questions to decisions and minutes."""
        turn(self.folder, 0)
        self.questions()
        self.refusals()
        self.scores()
        self.first = self.held(self.items)
        self.advice()
        self.positions()
        self.decisions()
        self.minutes()

    # what the story is made of

    def questions(self) -> None:
        for orgnr, initiative, question in QUESTIONS:
            body = {
                "arena": "nav",
                "initiatives": [initiative],
                "question": question,
                "budget_year": date.today().year + 2,  # noqa: DTZ011  # a year
                "synthetic": True,
            }
            self.wait(
                f"the arena to hear of {initiative}",
                lambda body=body, orgnr=orgnr: self.is_proposed(body, orgnr),  # type: ignore[misc]
            )
            self.taken(f"/items/{self.items[-1]}/admit", {}, orgnr)
        for name in self.items:
            paper = {"kind": "paper", "summary": "Saken er forberedt av begge linjer."}
            self.by_both(f"/items/{name}", paper, AID)
        self.say(f"both lines put {len(self.items)} items on the arena's list")

    def is_proposed(self, body: Json, orgnr: str) -> bool:
        answer = self.send("/items", body, orgnr)
        if answer.status_code == httpx.codes.CREATED:
            self.items.append(answer.json()["state"]["id"])
        return answer.status_code == httpx.codes.CREATED

    def refusals(self) -> None:
        """Neither line acts for the other, and advice funds nothing."""
        for word, body in (("withdraw", {"reason": "Nei"}), ("fund", {})):
            answer = self.send(f"/items/{self.items[0]}/{word}", body, KS)
            if answer.is_success:
                raise NotTaken(f"{word} was taken")
            told = answer.json()
            self.say(f"KS tries `{word}`: {answer.status_code} {told['rule']}")

    def scores(self) -> None:
        names = criteria("criteria-1").weights
        for place, name in enumerate(self.items):
            act = {"kind": "scoring", "criteria": "criteria-1"}
            self.by_both(f"/items/{name}", act, AID)
            keys = {}
            for orgnr, line in LINES.items():
                card = dict.fromkeys(names, POINTS[orgnr][place])
                nonce = uuid4().hex
                bound = commitment(nonce, line, name, "criteria-1", 1, card)  # type: ignore[arg-type]
                keys[orgnr] = {"round": 1, "nonce": nonce, "scorecard": card}
                self.taken(f"/items/{name}/commit", {"round": 1, "hash": bound}, orgnr)
            for orgnr, key in keys.items():
                self.taken(f"/items/{name}/reveal", key, orgnr)
        found = self.arena.get("/ranking?k=2", KS).raise_for_status().json()
        for each in found["placed"]:
            name = each["scored"]["item"]
            robust = (
                "robustly in the top 2" if name in found["robust"] else "to negotiate"
            )
            if name not in found["robust"] and name not in found["zone"]:
                robust = "not in the top 2"
            self.say(f"  {name}: place {each['best']} to {each['worst']}, {robust}")

    def held(self, items: list[str]) -> str:
        """A meeting, called and held by both."""
        today = self.today()
        call = {"kind": "schedule", "arena": "nav", "day": today.isoformat()}
        meeting: str = self.by_both("/meetings", call, KS)["id"]
        place = f"/meetings/{meeting}"
        entries = [{"item": name} for name in items]
        self.by_both(place, {"kind": "agenda", "entries": entries}, AID)
        attendance = {"state": 4, "municipal": 5}
        act = {"kind": "held", "heard": items, "attendance": attendance}
        state = self.by_both(place, act, KS)
        for name in items:
            self.look(name)
        self.say(f"meeting {state['number']} is held, the chair is {state['chair']}'s")
        return meeting

    def advice(self) -> None:
        texts: tuple[Json, ...] = (
            {
                "band": "next",
                "text": "Arenaen råder til at søknaden prioriteres i 2028.",
                "funding": self.funding(),
            },
            {
                "band": "later",
                "text": "Arenaen råder til å vente til konseptet er valgt.",
            },
            {"band": "now", "text": "Arenaen råder til utprøving i tre kontorer til."},
        )
        for name, advice in zip(self.items, texts, strict=True):
            self.by_both(f"/items/{name}", {"kind": "draft", "advice": advice}, KS)
        for found in self.look(self.items[0])["scheme_rules"]:
            if found["holds"] is False:
                self.say(f"  {found['rule']}: {found['told']}")
            elif found["holds"] is None:
                self.say(f"  not known, {found['rule']}: {found['told']}")

    def funding(self) -> Json:
        """An application filed one day before KS's two weeks were over."""
        today = self.today()
        year = today.year + 2
        source = {
            "source": "co_financing_scheme",
            "applicant": AID,
            "low": 10_000_000,
            "high": 15_000_000,
            "first_year": year,
            "years": 2,
            "ks_asked": (today - timedelta(days=13)).isoformat(),
            "applied": today.isoformat(),
            "ks_statement": today.isoformat(),
        }
        own = {"source": "own_budget", "low": 10_000_000, "high": 15_000_000}
        share = {"year": year, "low": 10_000_000, "high": 15_000_000}
        return {
            "budget_year": year,
            "price_year": today.year,
            "total": {"low": 20_000_000, "high": 30_000_000},
            "sources": [source, own],
            "split": [{"line": "state", **share}, {"line": "municipal", **share}],
            "gains": [
                {
                    "payer": "municipal",
                    "gainer": "state",
                    "low": 1_000_000,
                    "high": 2_000_000,
                }
            ],
        }

    def positions(self) -> None:
        """One dissent; and one line that says nothing, which is then no position."""
        stands: tuple[dict[str, Json], ...] = (
            {
                AID: {"position": "endorse"},
                KS: {"position": "dissent", "text": DISSENT},
            },
            {AID: {"position": "endorse"}, KS: {"position": "endorse"}},
            {KS: {"position": "endorse"}},
        )
        for name, each in zip(self.items, stands, strict=True):
            for orgnr, stand in each.items():
                body = {"hash": self.look(name)["draft"]["hash"], **stand}
                self.taken(f"/items/{name}/position", body, orgnr)
        turn(self.folder, SILENCE)
        silent = self.items[2]
        self.wait("silence to be noted", lambda: self.position(silent) == "no_position")
        self.say(
            f"{SILENCE} days later: the state's silence on {silent} is no position"
        )

    def position(self, name: str) -> str | None:
        positions = (self.look(name)["draft"] or {}).get("positions", {})
        found: str | None = positions.get("state", {}).get("position")
        return found

    def decisions(self) -> None:
        for name in self.items:
            text = self.look(name)["draft"]["hash"]
            act = {"kind": "issue", "hash": text, "audience": ["municipal", "state"]}
            self.by_both(f"/items/{name}", act, AID)
        given = self.look(self.items[0])["issued"][0]["hash"]
        for orgnr, outcome, body in (
            (AID, "adopted", "Departementsråden"),
            (KS, "not_adopted", "Hovedstyret"),
        ):
            decision = {
                "hash": given,
                "outcome": outcome,
                "reason": "Behandlet i egen styringslinje.",
                "decided": self.today().isoformat(),
                "body": body,
            }
            self.taken(f"/items/{self.items[0]}/decide", decision, orgnr)
            self.say(f"{body} decides in its own line: {outcome}")

    def minutes(self) -> None:
        """Of a second meeting, at which all of it is reported; approved by both."""
        meeting = self.held(self.items)
        place = f"/meetings/{meeting}"
        told = self.arena.get(f"{place}/minutes", AID).raise_for_status().json()
        state = self.by_both(place, {"kind": "minutes", "hash": told["hash"]}, AID)
        for form in ("pdf", "html"):
            page = self.arena.get(f"{place}/minutes?format={form}", KS)
            file = self.folder / f"referat-{state['number'].replace('/', '-')}.{form}"
            file.write_bytes(page.raise_for_status().content)
            self.say(f"the minutes, approved by both lines: {file}")

    # how the arena is asked

    def today(self) -> date:
        now = datetime.now(UTC) + timedelta(days=days_ahead(self.folder))
        return now.date()

    def look(self, name: str) -> Json:
        state: Json = self.arena.get(f"/items/{name}", KS).raise_for_status().json()
        self.versions[name] = state["version"]
        return state

    def by_both(self, place: str, act: Json, first: str) -> Json:
        """Prepared by one line's secretariat, approved by the other's."""
        word = "" if place == "/meetings" else "/prepare"
        body = {"act": act}
        state = self.taken(f"{place}{word}", body, first)
        prepared = state["pending"][act["kind"]]["hash"]
        kind = "meetings" if state["id"].startswith("meeting:") else "items"
        at = f"/{kind}/{state['id']}/approve"
        return self.taken(at, {"hash": prepared}, OTHER[first])

    def taken(self, path: str, body: Json, orgnr: str) -> Json:
        answer = self.send(path, body, orgnr)
        if not answer.is_success:
            raise NotTaken(f"{path}: {answer.status_code} {answer.text}")
        state: Json = answer.json()["state"]
        return state

    def send(self, path: str, body: Json, orgnr: str) -> httpx.Response:
        subject = path.split("/")[2] if path.count("/") > 1 else ""
        seen = self.versions.get(subject, 0)
        answer = self.arena.ask(
            "POST",
            f"{path}?seen={seen}",
            orgnr,
            json=body,
            headers={"Idempotency-Key": str(uuid4())},
        )
        state = answer.json().get("state") or {}
        if "version" in state:
            self.versions[state["id"]] = state["version"]
        return answer
