"""Every mistake that was made on purpose is caught, by the property that is named."""

import pytest

from tests.properties.cases import PROPERTIES

from . import of_folding, of_order, of_reading
from .catching import Mistake, caught

SAME_IN_ANY_ORDER = (
    "test_the_same_stands_and_is_available_however_the_topics_are_read_and_cut"
)
NO_TRACE = "test_each_reader_sees_the_fold_of_what_it_may_read_and_no_trace_of_the_rest"
AS_A_NAIVE_READING_SHOWS = (
    "test_each_reader_sees_what_a_naive_reading_of_the_rules_shows"
)
AS_THE_TABLE_OPENS = "test_each_reader_is_given_what_a_naive_reading_of_the_table_opens"
AS_THE_CONTRACT_JUDGES = "test_each_record_is_judged_as_the_contract_says"
AS_OF = "test_a_reader_is_shown_the_state_of_then_as_far_as_it_may_read_it_now"
A_BATCH_AT_A_TIME = "test_what_is_folded_a_batch_at_a_time_is_what_all_of_it_leaves"
MIRROR = "test_swapped_lines_are_shown_and_counted_swapped_for_every_reader"

CAUGHT_BY: list[tuple[Mistake, str]] = [
    (of_folding.last_writer_by_arrival_wins, SAME_IN_ANY_ORDER),
    (of_folding.an_opening_that_is_read_last_undoes_the_end, SAME_IN_ANY_ORDER),
    (of_folding.readable_is_when_it_was_said_last, AS_A_NAIVE_READING_SHOWS),
    (of_folding.nothing_is_folded_again, A_BATCH_AT_A_TIME),
    (of_folding.policy_after_the_fold, NO_TRACE),
    (of_folding.policy_after_the_fold, AS_A_NAIVE_READING_SHOWS),
    (of_folding.the_first_announcement_is_one_for_all, NO_TRACE),
    (of_folding.a_number_that_counts_secrets, NO_TRACE),
    (of_folding.embargo_by_clock, AS_A_NAIVE_READING_SHOWS),
    (of_folding.embargo_by_clock_in_delivery, AS_THE_TABLE_OPENS),
    (of_folding.an_end_leaves_the_lines_of_the_log, AS_THE_TABLE_OPENS),
    (
        of_folding.what_was_said_of_a_fact_before_it_came_stays_closed,
        SAME_IN_ANY_ORDER,
    ),
    (of_folding.a_correction_comes_on_top, AS_A_NAIVE_READING_SHOWS),
    (of_folding.a_correction_undoes_a_withdrawal, AS_A_NAIVE_READING_SHOWS),
    (of_folding.the_first_correction_counts, AS_A_NAIVE_READING_SHOWS),
    (of_folding.what_was_reinstated_stays_set_aside, AS_A_NAIVE_READING_SHOWS),
    (of_folding.a_correction_of_the_wrong_type_counts, AS_A_NAIVE_READING_SHOWS),
    (of_folding.an_earlier_time_is_judged_by_its_own_grants, AS_OF),
    (of_reading.the_owners_public_opens_anothers_words, AS_A_NAIVE_READING_SHOWS),
    (of_reading.the_owners_public_opens_anothers_words, AS_THE_TABLE_OPENS),
    (of_reading.a_strangers_words_are_heard, AS_A_NAIVE_READING_SHOWS),
    (of_reading.a_strangers_words_are_heard, AS_THE_TABLE_OPENS),
    (of_reading.an_ended_grant_silences_a_critic, AS_A_NAIVE_READING_SHOWS),
    (of_reading.an_ended_grant_silences_a_critic, AS_THE_TABLE_OPENS),
    (of_reading.a_grant_widens_what_names_its_readers, AS_A_NAIVE_READING_SHOWS),
    (of_reading.an_ended_grant_still_opens, AS_THE_TABLE_OPENS),
    (of_reading.a_correction_is_read_by_all_who_know_its_name, AS_THE_TABLE_OPENS),
    (of_reading.an_own_correction_of_a_shared_lock, AS_THE_CONTRACT_JUDGES),
    (of_reading.mark_before_admission, AS_THE_CONTRACT_JUDGES),
    (of_reading.hash_over_intakes_additions, AS_THE_CONTRACT_JUDGES),
    (of_reading.who_may_speak_by_todays_table, AS_THE_CONTRACT_JUDGES),
    (of_reading.municipalities_by_todays_table, AS_A_NAIVE_READING_SHOWS),
    (of_order.sort_by_a_lines_name, MIRROR),
    (of_order.ties_in_the_order_of_numbers, MIRROR),
    (of_order.corrections_in_the_order_of_numbers, MIRROR),
    (of_order.of_two_channels_the_first_in_the_alphabet, MIRROR),
    (of_order.the_state_is_never_late, MIRROR),
]


@pytest.mark.parametrize(
    ("mistake", "property_"),
    CAUGHT_BY,
    ids=[f"{mistake.__name__}-{name}" for mistake, name in CAUGHT_BY],
)
def test_it_is_caught(mistake: Mistake, property_: str) -> None:
    assert caught(property_, mistake)


def test_every_property_that_is_named_is_one() -> None:
    assert {name for _, name in CAUGHT_BY} <= set(PROPERTIES)


def test_what_is_no_mistake_is_not_said_to_be_caught() -> None:
    """The runner finds fault with a mistake alone, never with the code as it is."""

    def none(_: pytest.MonkeyPatch) -> None:
        """Nothing is changed."""

    with pytest.raises(pytest.fail.Exception, match="is not caught"):
        caught(AS_THE_CONTRACT_JUDGES, none)
