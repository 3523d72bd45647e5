"""What is measured: every key, its unit, its work, and the bound where one is set.

The bounds are those of the design, for two cores with broker and database on them.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["≥", "≤"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must reach (≥) or stay under (≤)."""

    side: Side
    value: float

    def holds(self, found: float) -> bool:
        return found >= self.value if self.side == "≥" else found <= self.value

    def times_better(self, found: float) -> float:
        """How often the bound goes into the figure: 1 at the bound, more is better."""
        better, worse = (found, self.value) if self.side == "≥" else (self.value, found)
        return better / worse if worse else float("inf")

    def __str__(self) -> str:
        return f"{self.side} {self.value:,g}"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of `build/bench.json`."""

    name: str
    unit: str
    work: str
    bound: Bound | None = None


def at_least(value: float) -> Bound:
    return Bound("≥", value)


def at_most(value: float) -> Bound:
    return Bound("≤", value)


FLOORS = (
    Key("floor_fsyncs_per_s", "/s", "8 KiB, each on disk before the next"),
    Key("floor_commits_per_s", "/s", "a row of 800 bytes a commit, 16 connections"),
    Key("floor_copied_per_s", "/s", "COPY of the facts, no index"),
    Key("floor_posts_per_s", "/s", "POST to a route that only reads it"),
    Key("floor_produced_per_s", "/s", "bare produce of the facts, first to last"),
    Key("floor_consumed_per_s", "/s", "bare consume of the facts"),
    Key("floor_produce_p99_ms", "ms", "bare produce → at a consumer, 200/s"),
    Key(
        "floor_arena_publish_p95_ms",
        "ms",
        "a row committed, then bare produce → at a consumer, one after another",
    ),
    Key("floor_arena_read_ms", "ms", "the arena's 1,000 items read, and no more"),
)
PROJECT = (
    Key(
        "project_events_per_s",
        "/s",
        "100,000 facts → archive and views, one process",
        at_least(10_000),
    ),
    Key("project_cpu_us_per_fact", "µs", "CPU of registry, Postgres and Kafka"),
    Key("project_registry_cpu_us_per_fact", "µs", "CPU of the registry alone"),
    Key("project_stored_bytes_per_fact", "B", "the database afterwards"),
    Key("project_wal_bytes_per_fact", "B", "written ahead by Postgres"),
    Key("project_topic_bytes_per_fact", "B", "on the topics"),
)
RELAY = (
    Key("relay_p50_ms", "ms", "commit → at a consumer, 200 facts/s"),
    Key("relay_p99_ms", "ms", "commit → at a consumer, 200 facts/s", at_most(10)),
    Key("relay_drain_per_s", "/s", "50,000 rows drained, first to last on the topic"),
    Key(
        "relay_drain_s", "s", "from the relay's start until these are out of the outbox"
    ),
    Key(
        "relay_idle_queries_per_s",
        "/s",
        "queries of an outbox at rest",
        at_most(0.5),
    ),
    Key("relay_cpu_us_per_fact", "µs", "CPU of relay and Postgres in the drain"),
    Key("relay_wal_bytes_per_fact", "B", "written ahead by Postgres in the drain"),
    Key("relay_topic_bytes_per_fact", "B", "on the topic"),
)
INTAKE = (
    Key(
        "intake_accepts_per_s",
        "/s",
        "POST with a token → durable 202, 16 connections",
        at_least(700),
    ),
    Key("intake_p95_ms", "ms", "the answers to these, 95th percentile", at_most(30)),
    Key("intake_cpu_us_per_fact", "µs", "CPU of every part, consumers too"),
)
FEED = (
    Key("feed_p50_ms", "ms", "202 → a reader that waits on its feed, full load"),
    Key(
        "feed_p99_ms",
        "ms",
        "202 → a waiting reader; 6 replicas, grants, a rebuild, an open transaction",
        at_most(100),
    ),
    Key("feed_gaps", "", "facts that the feed never showed", at_most(0)),
)
VIEWS = (
    Key(
        "view_p95_ms",
        "ms",
        "what stands of an initiative, 10,000 facts in its history",
        at_most(10),
    ),
    Key("view_as_of_p95_ms", "ms", "what stood of it at a moment", at_most(60)),
    Key(
        "list_p95_ms",
        "ms",
        "a filtered page of a list of 100,000 initiatives",
        at_most(50),
    ),
    Key("process_rss_mb", "MB", "any service, at most", at_most(300)),
)
REBUILD = (
    Key(
        "rebuild_100k_s",
        "s",
        "the views made anew beside the live ones, 200 facts/s",
        at_most(10),
    ),
)
ARENA = (
    Key(
        "arena_publish_p95_ms",
        "ms",
        "a command's first byte → its fact at a consumer",
        at_most(100),
    ),
    Key("arena_answer_p95_ms", "ms", "the answers to these commands"),
    Key(
        "arena_rank_s",
        "s",
        "1,000 items scored by both lines, ten criteria, ranked",
        at_most(1),
    ),
    Key(
        "arena_agenda_p95_ms",
        "ms",
        "an agenda of 50 items, in an arena of 1,000",
        at_most(50),
    ),
)
PEERS = (
    Key(
        "project_ratio_debezium",
        "×",
        "against Debezium's JDBC sink, unnest and a trigger",
        at_least(1),
    ),
    Key(
        "project_ratio_textbook",
        "×",
        "against a handler of one message at a time",
        at_least(20),
    ),
    Key(
        "project_share_of_bound",
        "×",
        "against a loader tuned by hand: same fold, same tables",
        at_least(0.6),
    ),
    Key(
        "relay_drain_ratio_debezium",
        "×",
        "50,000 rows, against Debezium's outbox router",
        at_least(1.5),
    ),
    Key("peer_debezium_per_s", "/s", "Debezium's JDBC sink, unnest and a trigger"),
    Key("peer_textbook_per_s", "/s", "one message at a time, acknowledged after it"),
    Key("peer_bound_copy_per_s", "/s", "the hand-tuned loader, COPY"),
    Key("peer_bound_unnest_per_s", "/s", "the hand-tuned loader, unnest"),
    Key("peer_drain_debezium_per_s", "/s", "50,000 rows by the outbox router"),
    Key("peer_project_per_s", "/s", "ours, in the same rounds"),
    Key("peer_drain_per_s", "/s", "ours, in the same rounds"),
)
SCALE = (
    Key("scale_1e4_per_s", "/s", "facts/s at 10⁴ initiatives"),
    Key("scale_1e5_per_s", "/s", "facts/s at 10⁵ initiatives"),
    Key("scale_1e6_per_s", "/s", "facts/s at 10⁶ initiatives"),
    Key("scale_slope", "", "log-log slope of facts/s", at_least(-0.15)),
)
ALL = (
    *PROJECT,
    *RELAY,
    *INTAKE,
    *FEED,
    *VIEWS,
    *REBUILD,
    *ARENA,
    *PEERS,
    *SCALE,
    *FLOORS,
)
BY_NAME = {key.name: key for key in ALL}
