"""What the services say of themselves on `/ready` while something is being mended."""

from dataclasses import dataclass, field
from time import monotonic

import httpx

from deploy.local.stack import Stack
from deploy.local.waiting import until

EVERY = 0.1


@dataclass
class Watch:
    """Every sentence that a service has said since, in the order in which it came."""

    stack: Stack
    said: dict[str, list[str]] = field(default_factory=dict)

    def look(self) -> dict[str, list[str]]:
        """What each service waits for now; nothing where it is ready."""
        now = {name: waits_for(url) for name, url in self.stack.service_urls.items()}
        for name, sentences in now.items():
            known = self.said.setdefault(name, [])
            known += [each for each in sentences if each not in known]
        return now

    def all_ready(self, seconds: float) -> bool:
        """Wait until every service is."""
        return until(lambda: not any(self.look().values()), seconds, EVERY)

    def all_say(self, names: tuple[str, ...], word: str, seconds: float) -> bool:
        """Wait until each of these says a sentence with that word."""

        def say_so() -> bool:
            now = self.look()
            return all(any(word in each for each in now[name]) for name in names)

        return until(say_so, seconds, EVERY)


def waits_for(url: str) -> list[str]:
    """The service's own sentences; one of ours where it does not answer."""
    try:
        answer = httpx.get(f"{url}/ready", timeout=5, trust_env=False)
        found: list[str] = answer.json()["waiting_for"]
    except (httpx.HTTPError, ValueError, KeyError):
        return ["does not answer"]
    return found


def seconds_since(began: float) -> float:
    return round(monotonic() - began, 1)
