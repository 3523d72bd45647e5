"""What keeps the local stack from running."""


class CannotRun(RuntimeError):
    """A sentence that says what is wrong and what to mend; a command prints it."""
