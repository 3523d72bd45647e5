"""Becomes another program that ends with its parent, and as root as another user.

Run as a file by `processes.spawn`: between fork and exec a parent with threads may
not do this itself. Uses the standard library only, so that it starts in 20 ms.
"""

import argparse
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS, NO_SETUID_FIXUP = 28, 1 << 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE = 2, 1
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Take on user and parting signal, then become the program."""
    wanted = arguments()
    if wanted.uid:
        become(wanted.uid, wanted.gid)
        see_that_it_reaches(wanted.reach + wanted.program[:1])
    part_with(wanted.parent, wanted.signal)
    try:
        os.execv(wanted.program[0], wanted.program)  # noqa: S606 # that is its task
    except OSError as error:
        sys.exit(f"cannot run {wanted.program[0]}: {error.strerror}")


def arguments() -> argparse.Namespace:
    """What `processes.spawn` asks for."""
    parser = argparse.ArgumentParser()
    for name in ("parent", "signal", "uid", "gid"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--reach", action="append", default=[])
    parser.add_argument("program", nargs="+")
    return parser.parse_args()


def become(uid: int, gid: int) -> None:
    """Give up root, but keep reading through private folders where possible."""
    try:
        os.setgroups([])
        # else access(2), by which initdb looks for postgres, forgets the capability
        libc.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        sys.exit(
            f"cannot become user {uid} ({error.strerror}), and Postgres refuses to run "
            "as root: start the stack as an ordinary user"
        )
    keep_reading()


def keep_reading() -> None:
    """Keep one capability through the exec, and no other (capset(2)).

    Root in a container has the second as a rule, and not the first.
    """
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if keep_only(1 << capability):
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
    keep_only(0)


def keep_only(bit: int) -> bool:
    """Give up every capability but one; False if that is not to be had."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    return bool(libc.capset(header, sets) == 0)


def see_that_it_reaches(paths: list[str]) -> None:
    """End with a sentence if this user cannot come to its files."""
    for path in paths:
        if not os.access(path, os.F_OK):
            sys.exit(
                f"user {os.geteuid()} cannot come to {path}: the folder is private and "
                "root lacks CAP_DAC_READ_SEARCH or CAP_SETPCAP here; open its parents "
                "(chmod o+x), or let TIDLIG_LOCAL name a folder elsewhere"
            )


def part_with(parent: int, signal: int) -> None:
    """Ask for a signal when the parent ends; a change of user would forget it."""
    libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent has ended")


if __name__ == "__main__":
    main()
