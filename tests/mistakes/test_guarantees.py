"""Every mistake in a guarantee is caught by the simulation, for the reason named."""

import re

import pytest

from tests.simulation import test_availability, test_path
from tests.simulation.database import Database
from tests.simulation.running import Failed
from tests.simulation.scenarios import availability, path
from tests.simulation.schedules import Run, schedule

from . import of_guarantees
from .catching import Mistake

# which test, and what it says is wrong
PATH = "test_whatever_goes_wrong_every_fact_takes_effect_once_and_in_order"
AVAILABILITY = "test_whatever_goes_wrong_the_log_holds_what_may_be_read_without_a_gap"
LOST, TWICE = "never took effect", "took effect more than once"
ON_THE_WAY = "there lies"
NOT_DONE = "it is not done"
NEVER_TAKEN = f"{NOT_DONE}|too little"

CAUGHT_BY: list[tuple[Mistake, str, str]] = [
    (of_guarantees.commit_before_apply, PATH, LOST),
    (of_guarantees.a_batch_that_meets_a_conflict_is_dropped, PATH, LOST),
    (of_guarantees.a_checkpoint_without_a_guard, PATH, f"{TWICE}|went back"),
    (of_guarantees.a_member_believes_its_own_position, PATH, "went back"),
    (of_guarantees.start_from_kafkas_offset, PATH, LOST),
    (of_guarantees.acknowledge_before_commit, PATH, LOST),
    (of_guarantees.a_row_leaves_the_outbox_before_kafka_has_it, PATH, ON_THE_WAY),
    (of_guarantees.two_relays, PATH, "were sent"),
    (of_guarantees.a_relay_that_never_looks_behind_what_it_has_sent, PATH, NOT_DONE),
    (of_guarantees.the_text_of_an_error_is_kept, PATH, "text was kept"),
    (of_guarantees.a_batch_is_dropped_on_one_bad_header, PATH, LOST),
    (of_guarantees.a_parked_fact_is_overtaken, PATH, "overtaken"),
    (of_guarantees.a_sequencer_that_never_looks_behind, AVAILABILITY, NEVER_TAKEN),
    (of_guarantees.a_grant_opens_only_what_comes_after_it, AVAILABILITY, "too little"),
    (
        of_guarantees.steps_that_decide_before_they_have_the_lock,
        AVAILABILITY,
        "stands twice",
    ),
]


@pytest.mark.parametrize(
    ("mistake", "test", "says"),
    CAUGHT_BY,
    ids=[f"{mistake.__name__}-{test}" for mistake, test, _ in CAUGHT_BY],
)
def test_it_is_caught(
    mistake: Mistake, test: str, says: str, request: pytest.FixtureRequest
) -> None:
    run, schedules = schedules_of(test, request)

    seed = first_failure(run, schedules, mistake, says)

    # and without the mistake it holds
    run(schedule(seed))


def schedules_of(test: str, request: pytest.FixtureRequest) -> tuple[Run, int]:
    """As the test that is named runs them in `make test`."""
    for module, scenario, name in (
        (test_path, path, "kit"),
        (test_availability, availability, "delivery"),
    ):
        if hasattr(module, test):
            database: Database = request.getfixturevalue(name)
            return scenario(database), module.SCHEDULES
    raise LookupError(f"no simulation has {test}")


def first_failure(run: Run, schedules: int, mistake: Mistake, says: str) -> int:
    """The seed of the first schedule that fails for the reason named."""
    for seed in range(schedules):
        with pytest.MonkeyPatch.context() as patch:
            mistake(patch)
            try:
                run(schedule(seed))
            except Failed as failed:
                print(f"{mistake.__name__}: schedule {seed} fails: {failed}")
                if re.search(says, str(failed)):
                    return seed
    pytest.fail(f"{mistake.__name__} is not caught in {schedules} schedules")


def test_what_is_no_mistake_is_not_said_to_be_caught(kit: Database) -> None:
    def none(_: pytest.MonkeyPatch) -> None:
        """Nothing is changed."""

    with pytest.raises(pytest.fail.Exception, match="is not caught"):
        first_failure(path(kit), 5, none, "")
