"""The demonstration: the whole path, on real input, from nothing to nothing."""

# the supervisor of the stack that it plays on, and of one that loses a fact
PLAYED = "deploy.local.demo.calendar_stack"
BROKEN = "deploy.local.demo.broken_stack"
