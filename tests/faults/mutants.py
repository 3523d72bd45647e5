"""Counts the mistakes made on purpose that a named test catches."""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from deploy.local.folder import CHECKOUT

CAUGHT = "caught"


def rooms() -> list[Path]:
    """Where mistakes are planted, in the tests of everything."""
    tests = CHECKOUT / "tests"
    return [tests / "mistakes", *sorted(tests.glob("*/test_mistakes*.py"))]


def count() -> tuple[list[str], int]:
    """Which were not caught, of how many; each is a test that says so in its name."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.xml"
        subprocess.run(  # noqa: S603  # our own tests
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={result}", *rooms()],
            cwd=CHECKOUT,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        cases = ET.parse(result).iter("testcase")  # noqa: S314  # our own
        return counted([(case.get("name", ""), len(case)) for case in cases])


def counted(cases: list[tuple[str, int]]) -> tuple[list[str], int]:
    """Of tests and what pytest had to say of each: those that plant a mistake."""
    planted = [
        (name, said)
        for name, said in cases
        if CAUGHT in name and "no_mistake" not in name
    ]
    return [name for name, said in planted if said], len(planted)
