"""Reading a list: columns, keys, encodings, bounds; and what is wrong, row by row."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.importing import rows as reading
from services.intake.importing.command import audience_of, organisation_in
from services.intake.importing.mapping import Mapping, WrongMapping, read_mapping
from services.intake.importing.planning import (
    Change,
    Known,
    NotAllowed,
    Speaker,
    plan,
    version_in,
)
from services.intake.importing.rows import Bad, Row, Unreadable, read_rows
from services.intake.importing.wanting import Wanted, local_of, read_row, sort_rows
from tests.schemas.said import KS, NAV, RIKSREVISJONEN
from tests.stack import Issuer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "title": "tittel",
    "municipalities": {"column": "kommuner", "separator": "|"},
    "learnt_from": {"constant": "Et åpent veikart"},
    "learnt": {"constant": "2026-11-22"},
}


def mapping(**changes: Any) -> Mapping:
    given = {"list": "veikart", "key": "nr", "fields": FIELDS, **changes}
    return Mapping.model_validate_json(orjson.dumps(given))


def read(folder: Path, content: str | bytes, **changes: Any) -> list[Row | Bad]:
    path = folder / "list"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_rows(path, mapping(**changes))


def wanted(cells: dict[str, str | list[str]], **changes: Any) -> Wanted:
    found = read_row(
        Row("line 2", {"tittel": "x", "kommuner": "", **cells}), mapping(**changes), KS
    )
    assert isinstance(found, Wanted), found
    return found


HEAD = "nr;tittel;kommuner\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_csv_file_is_read_with_whichever_delimiter_and_mark(
    tmp_path: Path, delimiter: str, mark: bytes
) -> None:
    written = io.StringIO()
    rows = [["nr", "tittel", "kommuner"], ["1", "Søknad; én, to\t", ""]]
    csv.writer(written, delimiter=delimiter).writerows(rows)
    content = mark + written.getvalue().encode()

    (row,) = read(tmp_path, content)

    assert row == Row("line 2", {"nr": "1", "tittel": "Søknad; én, to", "kommuner": ""})


def test_an_array_and_a_line_an_object_are_read_alike(tmp_path: Path) -> None:
    items = [
        {"nr": 14, "tittel": "Søknad", "kommuner": ["1806", "1853"], "annet": {"x": 1}},
        {"nr": "15", "tittel": None},
    ]
    lines = "\n".join(json.dumps(each, ensure_ascii=False) for each in items)

    of_array = read(tmp_path, json.dumps(items, indent=1))
    of_lines = read(tmp_path, lines)

    assert [row.cells for row in of_array if isinstance(row, Row)] == [
        {"nr": "14", "tittel": "Søknad", "kommuner": ["1806", "1853"]},
        {"nr": "15", "tittel": "", "kommuner": ""},
    ]
    assert [row.place for row in of_array] == ["item 1", "item 2"]
    assert [row.place for row in of_lines] == ["line 1", "line 2"]


def test_bad_rows_are_told_of_by_line_and_the_others_are_read(tmp_path: Path) -> None:
    text = HEAD + '1;"to\nlinjer";\n2;for få\n3;"halvt"x;\n\n4;God;\n5;"uten slutt;\n'

    found = read(tmp_path, text)

    assert [(row.place, isinstance(row, Row)) for row in found] == [
        ("line 2", True),
        ("line 4", False),
        ("line 5", False),
        ("line 7", True),
        ("line 8", False),
    ]


def test_of_json_a_bad_line_is_told_of_and_the_others_are_read(tmp_path: Path) -> None:
    good = '{"nr": "1", "tittel": "x", "kommuner": ""}'
    text = f'{good}\n{{"nr": "1", "nr": "2"}}\n{{"nr": 1.5}}\n{{"nr": true}}\n7\n{good}'

    found = read(tmp_path, text)

    assert [row.place for row in found if isinstance(row, Bad)] == [
        f"line {n}" for n in (2, 3, 4, 5)
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ((HEAD + "1;Søknad;\n").encode("latin-1"), "line 2 is not UTF-8 (the byte F8)"),
        ((HEAD + "1;Søknad;\n").encode("utf-16"), "not UTF-8"),
        ((HEAD + "1;S\0;\n").encode(), "NUL"),
        (b" \n", "empty"),
        (b"nr;navn;kommuner\n", "no column is called tittel; there are: nr, navn"),
        (b"nr;tittel;kommuner;nr\n", "two columns are called nr"),
        (b'[{"nr": 1, "kommuner": ""}]', "no object has tittel"),
        (b'[{"nr": 1},', "not JSON at line 1"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_mend(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, content)

    assert says in str(refused.value)


def test_size_and_number_of_rows_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    monkeypatch.setattr(reading, "LARGEST", 100)

    with pytest.raises(Unreadable, match="3 rows; at most 2"):
        read(tmp_path, HEAD + "1;x;\n2;x;\n3;x;\n")
    with pytest.raises(Unreadable, match="more than 100 bytes"):
        read(tmp_path, HEAD + "1;x;\n" * 50)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"list": "Veikart"}, "list: "),
        ({"lst": "x"}, "lst: Extra inputs"),
        ({"fields": FIELDS | {"titel": "x"}}, "no field is called titel"),
        ({"fields": FIELDS | {"imported": "x"}}, "no field is called imported"),
        ({"fields": {"learnt_from": "x"}}, "`fields` lacks title"),
        ({"fields": FIELDS | {"summary": {"colum": "x"}}}, "fields.summary: "),
        ({"fields": {"title": "x", "learnt_from": "x"}}, "on which day one learnt"),
        ({"leave_out": [{"column": "x", "any_of": []}]}, "leave_out.0.any_of: "),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_mend(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    given = {"list": "veikart", "key": "nr", "fields": FIELDS, **changes}
    (tmp_path / "mapping").write_text(json.dumps(given))

    with pytest.raises(WrongMapping) as refused:
        read_mapping(tmp_path / "mapping")

    assert says in str(refused.value)


def test_a_day_on_the_command_line_is_the_day_of_what_is_new(tmp_path: Path) -> None:
    given = {"list": "veikart", "key": "nr", "fields": FIELDS}
    (tmp_path / "mapping").write_text(json.dumps(given))

    found = read_mapping(tmp_path / "mapping", NOW.date())

    assert found.rule("learnt").model_dump() == {"constant": "2026-11-22"}


def test_no_two_keys_get_one_id_and_each_id_is_one_that_intake_takes() -> None:
    keys = ["DIGDIR-4", "a b", "a-b", "a_b", "å", "a", "ø", "/", "//", "x" * 70]
    keys += ["x" * 71, "3.1.1-1", "-", "Ærlig søknad", "日本"]

    found = {local_of("veikart", key) for key in keys}

    assert len(found) == len(keys)
    assert local_of("veikart", "DIGDIR-4") == "veikart.digdir-4"
    assert local_of("veikart", "digdir-4") == "veikart.digdir-4"
    for local in found:
        made = plan(
            Wanted("line 2", "x", local, wanted({"nr": "1"}).data),
            Known(),
            mapping(),
            Speaker(KS, "veikart", "state"),
            NOW,
        )
        assert isinstance(made, Change), made


def test_an_accent_composed_or_not_is_the_same_key() -> None:
    assert local_of("veikart", "caf\u00e9") == local_of("veikart", "cafe\u0301")


def test_a_key_that_stands_twice_is_bad_on_every_line() -> None:
    rows = [
        Row(f"line {n}", {"nr": key, "tittel": "x", "kommuner": ""})
        for n, key in enumerate(("A-1", "b", "a-1"), 2)
    ]

    found = sort_rows(rows, mapping(), KS)

    assert [each.key for each in found.wanted] == ["b"]
    assert [(each.place, each.reason) for each in found.bad] == [
        ("line 2", "the key A-1 stands on line 4 too; which row counts?"),
        ("line 4", "the key a-1 stands on line 2 too; which row counts?"),
    ]


def test_columns_become_fields_and_empty_cells_say_nothing() -> None:
    found = wanted({"nr": "1", "tittel": "Søknad", "kommuner": "1806| 1853|"})

    assert found.data == {
        "imported": True,
        "title": "Søknad",
        "municipalities": ["1806", "1853"],
        "learnt_from": "Et åpent veikart",
        "learnt": "2026-11-22",
    }
    assert "municipalities" not in wanted({"nr": "1"}).data


def test_rows_are_left_out_by_what_a_column_holds() -> None:
    rule = {"column": "eier", "any_of": [KS], "separator": "|", "because": "vår egen"}
    rows = [
        Row("line 2", {"nr": "1", "tittel": "x", "kommuner": "", "eier": owner})
        for owner in (f"{NAV}|{KS}", NAV)
    ]

    found = sort_rows(
        [rows[0], Row("line 3", {**rows[1].cells, "nr": "2"})],
        mapping(leave_out=[rule]),
        KS,
    )

    assert [(each.key, each.because) for each in found.left] == [("1", "vår egen")]
    assert [each.key for each in found.wanted] == ["2"]


@pytest.mark.parametrize(
    ("owner", "says"),
    [
        (KS, "believed_owner: it is your own"),
        ("123456789", "believed_owner: no organisation number"),
        (f"{NAV}|{KS}", "believed_owner: several values"),
    ],
)
def test_an_owner_that_cannot_be_meant_is_a_bad_row(owner: str, says: str) -> None:
    fields = FIELDS | {"believed_owner": {"column": "eier", "separator": "|"}}
    row = Row("line 2", {"nr": "1", "tittel": "x", "kommuner": "", "eier": owner})

    found = read_row(row, mapping(fields=fields), KS)

    assert isinstance(found, Bad)
    assert says in found.reason


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"tittel": ""}, "title: Field required"),
        ({"kommuner": "9999"}, "municipalities/0: 9999 is no municipality"),
        ({"tittel": "Sak for 01010750160"}, "title: holds a national identity number"),
    ],
)
def test_what_the_contract_does_not_take_is_a_bad_row(
    cells: dict[str, str], says: str
) -> None:
    found = plan(
        wanted({"nr": "1", **cells}),
        Known(),
        mapping(),
        Speaker(KS, "veikart", "state"),
        NOW,
    )

    assert isinstance(found, Bad)
    assert says in found.reason


def test_a_body_that_may_say_nothing_is_told_so_once() -> None:
    with pytest.raises(NotAllowed):
        plan(
            wanted({"nr": "1"}),
            Known(),
            mapping(),
            Speaker(RIKSREVISJONEN, "veikart", "state"),
            NOW,
        )


def test_a_versions_number_is_read_from_its_id_alone() -> None:
    assert version_in("veikart.1.v12", "veikart.1") == 12
    for other in ("veikart.1.v0", "veikart.1.share", "veikartx1.v2", "veikart.1.v2 "):
        assert version_in(other, "veikart.1") == 0


def test_the_other_line_is_the_audience_unless_another_is_chosen() -> None:
    assert audience_of(None, KS) == "state"
    assert audience_of(None, NAV) == "municipal"
    assert audience_of("state public state", KS) == "public state"


def test_the_token_tells_who_imports(issuer: Issuer) -> None:
    assert organisation_in(issuer.token(KS)) == KS
