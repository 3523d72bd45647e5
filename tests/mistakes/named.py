"""A named test is to fail: it itself, and nothing beside it."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def failing(test: Callable[..., Any]) -> Iterator[None]:
    """Inside it an assertion of `test` fails, or the test around it does."""
    with pytest.raises(AssertionError) as found:
        yield
    frames = [frame.name for frame in traceback.extract_tb(found.tb)]
    assert frames[-1] == test.__name__, f"failed in {frames[-1]}, not in the test named"
