"""KS imports a public list with the command that anybody would use.

Rows that KS owns a part of are left out, and those that their owner has announced.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from deploy.local.folder import CHECKOUT

from .says import Identity, Json

LIST = Path(__file__).with_name("list.csv")
MAPPING = LIST.with_suffix(".json")
SECONDS = 60


class NotImported(Exception):
    """The command did not take every row; the text is what it wrote."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What the command told of an import."""

    told: Json

    @property
    def receipts(self) -> dict[Identity, Json]:
        """A receipt for each fact that was said."""
        return {
            (receipt["subject"], receipt["source"], receipt["id"]): receipt
            for receipt in self.told["receipts"]
        }

    @property
    def kinds(self) -> Counter[str]:
        """How many rows were new, changed or unchanged."""
        return Counter(row["kind"] for row in self.told["rows"])

    @property
    def left_out(self) -> Counter[str]:
        """How many rows were left out, by reason."""
        return Counter(row["because"] for row in self.told["left_out"])


def import_list(intake: str, registry: str, token: str) -> Imported:
    """Import the list at these services. Raises `NotImported`."""
    done = subprocess.run(  # noqa: S603  # our own command
        [
            *(sys.executable, "-m", "services.intake", "import", str(LIST)),
            *("--mapping", str(MAPPING), "--json"),
            *("--url", intake, "--registry", registry),
        ],
        env={**os.environ, "TIDLIG_TOKEN": token},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise NotImported(done.stderr or done.stdout)
    return Imported(json.loads(done.stdout))
