"""The demonstration: the whole path, on real input, from nothing to nothing."""

# the supervisor of a stack that loses a fact
BROKEN = "deploy.local.demo.broken_stack"
