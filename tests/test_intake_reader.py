"""Reading files of claims: any chunks, any form, bounded, and nothing dropped."""

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.intake import reader
from app.intake.reader import RECORD_LIMIT, open_source, split
from app.program.errors import ClaimsError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def chunked(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Cut data at the given places, repeated."""
    position = 0
    while position < len(data):
        for cut in cuts:
            yield data[position : position + cut]
            position += cut


def read(path: Path) -> list[bytes]:
    with open_source(str(path)) as source:
        return list(source.records)


@given(
    st.lists(JSON),
    st.lists(st.integers(1, 40), min_size=1),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.sampled_from([b"", b"\xef\xbb\xbf", b" \r\n"]),
)
def test_an_array_gives_its_elements_however_it_arrives(
    items: list[object],
    cuts: list[int],
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn by hypothesis
    start: bytes,
) -> None:
    text = start + json.dumps(items, indent=indent, ensure_ascii=ascii_only).encode() + b"\n"
    assert [json.loads(record) for record in split(chunked(text, cuts))] == items


@given(st.lists(st.dictionaries(st.text(), JSON)), st.lists(st.integers(1, 40), min_size=1))
def test_lines_give_the_claims_however_they_arrive(items: list[object], cuts: list[int]) -> None:
    text = b"\r\n\n".join(json.dumps(item).encode() for item in items)
    assert [json.loads(record) for record in split(chunked(text, cuts))] == items


@given(st.binary(), st.lists(st.integers(1, 10), min_size=1))
def test_no_byte_is_lost_but_blanks_and_brackets(data: bytes, cuts: list[int]) -> None:
    whole = list(split(iter([b"{}\n" + data])))
    assert list(split(chunked(b"{}\n" + data, cuts))) == whole
    assert b"".join(whole).translate(None, b" \t\r\n") == (b"{}" + data).translate(None, b" \t\r\n")


def test_a_bad_element_costs_nothing_but_itself() -> None:
    text = b'[{"a": NaN}, {x}, {"b": "]},"},, 3] [4] {"c": 5}'
    assert list(split(iter([text]))) == [
        b'{"a": NaN}', b"{x}", b'{"b": "]},"}', b"3", b"4", b'{"c": 5}'
    ]  # fmt: skip


def test_many_arrays_in_a_row_are_read() -> None:
    assert list(split(iter([b"[1]\n" * 5000]))) == [b"1"] * 5000


@pytest.mark.parametrize(
    "long",
    [
        b'"' + rb"a\"" * 500 + b'"',
        b'{"x":"' + rb"\\" * 333 + b'"}',
        b'{"x":[' + b"1," * 800 + b"1]}",
        b"1" * 1000,
        b"[" * 500 + b"]" * 500,
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 64, 5000])
def test_an_endless_claim_is_cut_and_the_rest_goes_on(
    long: bytes, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RECORD_LIMIT", 100)
    for text in (b'[{"a":1},' + long + b',{"b":2}]', b'{"a":1}\n' + long + b'\n{"b":2}'):
        first, cut, last = split(chunked(text, [chunk]))
        assert (first, len(cut), last) == (b'{"a":1}', 101, b'{"b":2}')


@pytest.mark.parametrize("text", [b'[{"a":1}' + b" " * 3000 + b',{"b":2}]', b'{"a":1}\n' +
                                  b" " * 3000 + b'{"b":2}'])  # fmt: skip
def test_blanks_without_end_hide_no_claim(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "RECORD_LIMIT", 100)
    assert [record.strip() for record in split(chunked(text, [50]))][-1] == b'{"b":2}'


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    path.write_bytes(gzip.compress(b'{"a":1}\n{"b"') + gzip.compress(b":2}") + b"\0" * 512)
    assert read(path) == [b'{"a":1}', b'{"b":2}']


def test_a_bomb_is_unpacked_in_bounded_pieces(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    path = tmp_path / "bomb.gz"
    blanks = b"x" * (1 << 20)
    path.write_bytes(
        packer.compress(b'{"a":1}\n') + b"".join(packer.compress(blanks) for _ in range(64))
        + packer.compress(b'\n{"b":2}') + packer.flush()
    )  # fmt: skip
    assert [len(record) for record in read(path)] == [7, RECORD_LIMIT + 1, 7]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"a":1},{"b"',
        b'[{"a":1}',
        # Without the time, which would give the test another id in each process.
        gzip.compress(b'{"a":1}\n' * 9, mtime=0)[:-9],
        b"\x1f\x8bnonsense",
    ],
)
def test_a_damaged_file_is_told(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "claims"
    path.write_bytes(data)
    with pytest.raises(ClaimsError) as error:
        read(path)
    assert error.value.code == "INTAKE_FILE_BROKEN"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClaimsError) as error:
        read(tmp_path / "none")
    assert error.value.code == "INTAKE_FILE_UNREADABLE"


@pytest.mark.parametrize("data", [b"", b" \n", b"[]", b"\xef\xbb\xbf"])
def test_a_file_without_claims_holds_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "none").write_bytes(data)
    assert read(tmp_path / "none") == []


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"a":1}\n')))
    with open_source("-") as source:
        assert source.position() == 0
        assert list(source.records) == [b'{"a":1}']
        assert source.position() == len(b'{"a":1}\n')
        assert source.size is None
