"""The tree of erasure keys: what is destroyed is gone, and nothing else changes."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.program.errors import ClaimsError
from app.vault.erasure import ErasureKeys, KeyTree, leaf, leaf_of, month_of

NUMBERS = st.integers(0, 16**12 - 1)


def test_a_key_is_the_hash_of_the_path_that_leads_to_it() -> None:
    node = root = bytes(32)
    for digit in b"\x00\x01\x02\x03\x0a\x0b\x0c\x0d\x00\x00\x00\x0f":
        node = hashlib.sha256(node + bytes([digit])).digest()
    assert KeyTree(12, {"": root}).key(0x0123ABCD000F) == node


@given(st.sets(NUMBERS, min_size=1, max_size=8), st.sets(NUMBERS, min_size=1, max_size=30))
def test_destroyed_keys_are_gone_and_all_others_stay(gone: set[int], asked: set[int]) -> None:
    tree, whole = KeyTree(12, {"": bytes(32)}), KeyTree(12, {"": bytes(32)})
    for number in gone:
        assert tree.destroy(number, number)
        assert not tree.destroy(number, number)
    near = {number ^ 1 for number in gone} | {number ^ (1 << 47) for number in gone}
    for number in asked | near | gone:
        expected = None if number in gone else whole.key(number)
        assert tree.key(number) == expected
        assert KeyTree(12, tree.nodes).key(number) == expected


@given(NUMBERS)
def test_nothing_that_is_left_leads_to_what_was_destroyed(number: int) -> None:
    tree = KeyTree.new(12)
    key = tree.key(number)
    tree.destroy(number, number)
    path = f"{number:012x}"
    assert len(tree.nodes) == 12 * 15
    assert not any(path.startswith(prefix) for prefix in tree.nodes)
    assert key not in tree.nodes.values()


@given(st.integers(0, 16**4 - 1), st.integers(0, 16**4 - 1))
def test_a_range_is_destroyed_with_its_ends(first: int, last: int) -> None:
    first, last = min(first, last), max(first, last)
    tree, whole = KeyTree(4, {"": bytes(32)}), KeyTree(4, {"": bytes(32)})
    assert tree.destroy(first, last)
    for number in {first, last, (first + last) // 2}:
        assert tree.key(number) is None
    for number in {first - 1, last + 1} & set(range(16**4)):
        assert tree.key(number) == whole.key(number)
    assert len(tree.nodes) <= 4 * 2 * 15


def test_who_comes_back_after_an_erasure_has_another_key() -> None:
    keys = ErasureKeys.new()
    first, key = keys.living(b"patient token 16", 300)
    assert (month_of(first), leaf_of(first)) == (300, leaf(b"patient token 16", 0))
    keys.patients.destroy(leaf_of(first), leaf_of(first))
    assert keys.key(first) is None
    second, other = keys.living(b"patient token 16", 300)
    assert leaf_of(second) == leaf(b"patient token 16", 1)
    assert key != other
    assert keys.key(second) == other


def test_the_file_comes_back_as_it_was(tmp_path: Path) -> None:
    keys = ErasureKeys.new()
    keys.patients.destroy(5, 5)
    keys.months.destroy(0, 299)
    path = tmp_path / "erasure.keys"
    keys.create(path)
    read = ErasureKeys.read(path)
    assert (read.store_id, read.generation) == (keys.store_id, 1)
    assert dict(read.patients.nodes) == dict(keys.patients.nodes)
    assert dict(read.months.nodes) == dict(keys.months.nodes)
    with pytest.raises(FileExistsError):
        keys.create(path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_older_file_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    path, held = tmp_path / "erasure.keys", tmp_path / "held"
    keys = ErasureKeys.new()
    keys.create(path)
    held.hardlink_to(path)
    before = path.read_bytes()
    keys.patients.destroy(5, 5)
    keys.replace(path)
    assert path.read_bytes() != before
    assert held.read_bytes() == bytes(len(before))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"format": 2, "store_id": "", "generation": 1, "patients": {}, "months": {}}',
        '{"format": 1, "store_id": "", "generation": 1, "patients": {"": "AA=="}, "months": {}}',
        '{"format": 1, "store_id": "", "generation": 1, "patients": {"": "!"}, "months": {}}',
    ],
)
def test_a_file_that_is_no_file_of_erasure_keys(tmp_path: Path, text: str) -> None:
    path = tmp_path / "erasure.keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ClaimsError) as error:
        ErasureKeys.read(path)
    assert error.value.code == "VAULT_ERASURE_KEYS_INVALID"


def test_a_month_that_was_erased_encrypts_nothing() -> None:
    keys = ErasureKeys.new()
    keys.months.destroy(0, 300)
    with pytest.raises(ClaimsError) as error:
        keys.living(b"patient token 16", 300)
    assert error.value.code == "VAULT_MONTH_ERASED"
