"""`python -m tests.facts [--check]`: writes the page of statements, if it changed.

Ends with 1 where the page is stale under `--check`, and with 2 where a statement names
what is not there.
"""

import argparse
import sys

from .faults import faults
from .page import PAGE, page
from .statements import Unreadable, sections


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m tests.facts", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if it would change"
    )
    check = parser.parse_args(arguments).check
    try:
        found = sections()
    except Unreadable as error:
        print(error)
        return 2
    for fault in (wrong := list(faults(found))):
        print(fault)
    if wrong:
        return 2
    text = page(found)
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        print(f"{PAGE.name} is fresh")
        return 0
    if check:
        print(f"stale: tests/{PAGE.name}; run `python -m tests.facts`")
        return 1
    PAGE.write_text(text, "utf-8")
    print(f"{PAGE.name} was made anew")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
