"""A system that follows the feed, as a process of its own that may be killed.

`python -m tests.schemas.client.following URL STATE`, the token in TIDLIG_TOKEN. Writes
a line for each event: what it is, and whether it was handled before. It is done with
the event when it has read a line.
"""

import os
import sys

from schemas.client import Follower


def main(url: str, state: str) -> None:
    token = os.environ["TIDLIG_TOKEN"]
    with Follower(url, token, state=state, limit=5) as follower:
        for event in follower.new():
            sys.stdout.write(f"{event.subject} {event.id} {event.handled_before}\n")
            sys.stdout.flush()
            sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
