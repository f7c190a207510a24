"""YAML 1.2 with places; what is not wanted is refused where it stands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.federation.documents import MAX_BYTES, DocumentError, Place, parse_document, read_document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("Off", "Off"), ("y", "y"), ("22:30", "22:30"), ("1_000", "1_000"),
        ("2026-11-23", "2026-11-23"), ("0o17", "0o17"), ("0x1F", "0x1F"), (".inf", ".inf"), ("=", "="), ("<<", "<<"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("12", 12), ("-3", -3), ("010", 10), ("1.5", 1.5),
        ("1e3", 1000.0), ('"12"', "12"), ("'true'", "true"), ("10.0.0.0/8", "10.0.0.0/8"), ("9" * 40, "9" * 40),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = parse_document(f"key: {text}").value["key"]
    assert (found, type(found)) == (value, type(value))


def test_every_value_and_key_has_its_place() -> None:
    document = parse_document("a: {b: [x, é, y]}\nc:\n  - d: 1\n")
    assert document.value == {"a": {"b": ["x", "é", "y"]}, "c": [{"d": 1}]}
    assert document.place(("a", "b", 2)) == Place(1, 15)
    assert document.key(("c", 0, "d")) == Place(3, 5)
    assert document.place(("c", 0, "d")) == Place(3, 8)
    assert document.place(("c", 0, "unknown")) == Place(3, 5)


def test_keys_given_twice_are_all_told_and_the_rest_is_read() -> None:
    document = parse_document("a: 1\nb: {c: 1, c: [2]}\na: {d: 3}\nlast: 4\n")
    assert document.value == {"a": 1, "b": {"c": 1}, "last": 4}
    assert [(m.place, m.what) for m in document.mistakes] == [
        (Place(2, 11), "key given twice"),
        (Place(3, 1), "key given twice"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("a: [1", Place(2, 1), "malformed YAML"),
        ("a: 1\n\tb: 2", Place(2, 1), "malformed YAML"),
        ("a: 'x", Place(1, 6), "malformed YAML"),
        ("a: 1\n b: 2", Place(2, 3), "malformed YAML"),
        ("a: \x07", Place(1, 4), "malformed YAML"),
        ("", Place(1, 1), "file is empty"),
        ("# only a comment\n", Place(1, 1), "file is empty"),
        ("a: 1\n---\nb: 2\n", Place(2, 1), "a second document"),
        ("a: &x [1]\nb: *x\n", Place(1, 4), "anchors and aliases are not allowed"),
        ("a: !!python/object:os.system x", Place(1, 4), "tags are not allowed"),
        ("a: !!str 1", Place(1, 4), "tags are not allowed"),
        ("? [a]\n: 1\n", Place(1, 3), "a key must be a plain word"),
        ("*x : 1\n", Place(1, 1), "a key must be a plain word"),
        ("[" * 100 + "]" * 100, Place(1, 34), "nested too deeply"),
    ],
)
def test_what_is_refused_is_told_where_it_stands(text: str, place: Place, what: str) -> None:
    with pytest.raises(DocumentError) as raised:
        parse_document(text)
    assert (raised.value.place, raised.value.what) == (place, what)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    with pytest.raises(DocumentError) as raised:
        parse_document("\n".join(lines))
    assert raised.value.place == Place(1, 5)


def _refused(path: Path) -> DocumentError:
    with pytest.raises(DocumentError) as raised:
        read_document(path)
    return raised.value


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nname: Centre Fran\xe7ois\n")
    assert (_refused(path).what, _refused(path).place) == ("not UTF-8", Place(2, 18))
    path.write_bytes(b"a: " + b"x" * MAX_BYTES)
    assert _refused(path).what == "file is too large"
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert _refused(path).what == "not a file"
    path.unlink()
    path.symlink_to(path)
    assert _refused(path).what in {"not a file", "file cannot be read"}
    path.unlink()
    path.mkdir()
    assert _refused(path).what == "not a file"
    path.rmdir()
    os.mkfifo(path)
    assert _refused(path).what == "not a file"


def test_a_link_to_a_file_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"\xef\xbb\xbfa: 1\n")
    (tmp_path / "x.yaml").symlink_to(tmp_path / "real")
    assert read_document(tmp_path / "x.yaml").value == {"a": 1}


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@given(_JSON)
def test_json_reads_as_itself(value: object) -> None:
    assert parse_document(json.dumps(value, ensure_ascii=False)).value == value


@given(st.text(max_size=200) | st.text("ab:-[]{}&*!?|>'\"#%@, \n\t", max_size=60))
def test_any_text_is_a_document_or_a_told_mistake(text: str) -> None:
    try:
        place = parse_document(text).place(())
    except DocumentError as error:
        place = error.place
    assert place >= (1, 1)
