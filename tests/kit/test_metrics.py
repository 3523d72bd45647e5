"""Every metric says what a rise means, and no metric tells what may not be read."""

import ast
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from services.kit import metrics

ROOT = Path(metrics.__file__).parents[2]
SOURCE = Path(metrics.__file__).read_text("utf-8")
FORBIDDEN = {"party", "type", "initiative", "orgnr", "source", "subject", "speaker"}
KINDS = {kind.__name__ for kind in (Counter, Gauge, Histogram)}


def declared(source: str) -> dict[str, str]:
    """The metrics that a source declares, each with the line above it."""
    lines = source.splitlines()
    return {
        target.id: lines[node.lineno - 2]
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
        if isinstance(node.value.func, ast.Name) and node.value.func.id in KINDS
    }


def without_meaning(source: str) -> list[str]:
    return [n for n, line in declared(source).items() if not is_meaning(line)]


def is_meaning(line: str) -> bool:
    return line.startswith("# rises: ") and len(line) > len("# rises: ...")


def test_every_metric_says_what_a_rise_means() -> None:
    assert len(declared(SOURCE)) >= 10
    assert without_meaning(SOURCE) == []


def test_a_metric_without_a_meaning_would_be_noticed() -> None:
    bare = 'A = Counter("a", "b")\n\n# rises: \nB = Gauge("b", "c")\n'

    assert without_meaning("\n" + bare) == ["A", "B"]


def test_no_label_names_a_party_a_type_or_an_initiative() -> None:
    found = {
        name: set(metric._labelnames)
        for name, metric in vars(metrics).items()
        if isinstance(metric, MetricWrapperBase)
    }

    assert found.keys() == declared(SOURCE).keys()
    assert {n: bad for n, labels in found.items() if (bad := labels & FORBIDDEN)} == {}


def test_every_metric_is_counted_somewhere_and_all_are_declared_in_one_place() -> None:
    used, elsewhere = set(), []
    for path in (ROOT / "services").rglob("*.py"):
        text = path.read_text("utf-8")
        if path != Path(metrics.__file__):
            elsewhere += [(path.name, name) for name in declared(text)]
        for name in declared(SOURCE):
            if any(f"{name}.{how}(" in text for how in ("labels", "inc", "observe")):
                used.add(name)

    assert elsewhere == []
    assert used == declared(SOURCE).keys()
