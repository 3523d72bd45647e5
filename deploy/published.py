"""OpenAPI of every service: `python -m deploy.published [--check]`.

The same document that the running service gives at `/openapi.json`, committed beside
its code. Nothing is connected to: an application describes itself by itself.
"""

import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr

from services.consultation import app as consultation
from services.consultation.settings import Settings as ConsultationSettings
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.intake import app as intake
from services.intake.settings import Settings as IntakeSettings
from services.kit.settings import Surroundings
from services.monitor import app as monitor
from services.monitor.settings import Settings as MonitorSettings
from services.registry import app as registry
from services.registry.settings import Settings as RegistrySettings

SERVICES = Path(__file__).parents[1] / "services"
NOWHERE = Surroundings(
    kafka_bootstrap="127.0.0.1:1",
    database_url=SecretStr("postgresql://127.0.0.1:1/nowhere"),
    token_issuer="https://nobody.invalid/",  # noqa: S106  # a name, and nobody's
    token_jwks="file:///nowhere",  # noqa: S106
)
NO_KEY = SecretStr(urlsafe_b64encode(bytes(32)).decode())
APPLICATIONS: dict[str, Callable[[], FastAPI]] = {
    "intake": lambda: intake.build(IntakeSettings(surroundings=NOWHERE)),
    "registry": lambda: registry.build(RegistrySettings(surroundings=NOWHERE)),
    "consultation": lambda: consultation.build(
        ConsultationSettings(surroundings=NOWHERE, sealing_key=NO_KEY)
    ),
    "delivery": lambda: delivery.build(
        DeliverySettings(surroundings=NOWHERE, sealing_key=NO_KEY)
    ),
    "monitor": lambda: monitor.build(MonitorSettings(surroundings=NOWHERE)),
}


def main(arguments: list[str]) -> int:
    """Write what has changed, or with `--check` name what is stale and return 1."""
    stale = {path: text for path, text in products() if current(path) != text}
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(SERVICES.parent)}; run `make schemas`")
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, "utf-8")
    print(f"{len(APPLICATIONS)} services, {len(stale)} files made anew")
    return 0


def products() -> Iterator[tuple[Path, str]]:
    """Every file that is made, with what it should hold."""
    for name, build in APPLICATIONS.items():
        text = json.dumps(build().openapi(), indent=2, ensure_ascii=False) + "\n"
        yield SERVICES / name / "openapi.json", text


def current(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
