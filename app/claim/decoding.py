"""Decode JSON into a model of the project, exactly; say in the caller's words what does not fit.

Numbers keep every digit: they never pass through a float. A reason names the field by its path,
as the caller wrote it, and never repeats a value: that may be PHI.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, TypeVar

import msgspec

NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]*)?|-?\.[0-9]+")
"""A number that is written as a text: digits with at most one point, and a minus before them."""

NUMBERS: Final = frozenset({"units", "charge", "total_charge"})
"""Fields, at whatever depth, that are decimals: a JSON number, or such a number as a text."""

Model = TypeVar("Model", bound=msgspec.Struct)

# What a field name can look like that is told; another may be a value in the wrong place.
_NAME: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+){0,4}")
_ALIKE: Final = 0.75
_BLANKS: Final = b" \t\r\n"
_NUMBER_AS_TEXT: Final = (b'units":"', b'charge":"')

_KINDS: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "date": "a date",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_GOT: Final = _KINDS | {"int": "a number", "float": "a number with decimals"}
_FORMS: Final = {
    r"'\\S'": "is blank",
    "'^[0-9A-Za-z][0-9]{3}[0-9A-Za-z]$'": "is no HCPCS code of five characters",
    "'^[0-9A-Za-z]{2}$'": "is no modifier of two characters",
    "'^[0-9]{5}(-?[0-9]{4})?$'": "is no ZIP code of 5 or 9 digits",
    "'^[0-9]{3}[0-9A-Z]{6}X$'": "is no taxonomy code of ten characters",
    "'^[A-Z][0-9]{3}$'": "is no rule code, such as V021",
}
_DIGITS: Final = re.compile(r"'\^\[0-9\]\{(\d+)\}\$'")

_MISSING: Final = re.compile(r"Object missing required field `([a-z_0-9]+)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_OWN: Final = re.compile(r"`([a-z_]+)` ([a-zA-Z0-9 ,.-]+)")
_MALFORMED: Final = re.compile(r"JSON is malformed: [a-z ,]+ \(byte [0-9]+\)")
_BOUNDS: Final = {">=": "less than", "<=": "more than", ">": "not above", "<": "not below"}


class NotDecodedError(Exception):
    """A text that does not fit the model: where, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field: Final = field
        """The path of the field, `service_lines[0].units`, or what the whole is called."""
        self.reason: Final = reason

    def __str__(self) -> str:
        return f"{self.field} {self.reason}"


class ModelDecoder(Generic[Model]):
    """Decodes the texts of one model; `whole` is what a text is called."""

    def __init__(self, model: type[Model], whole: str) -> None:
        self._decode: Final = msgspec.json.Decoder(model).decode
        self._whole: Final = whole
        self._names: Final = sorted(set(_names(model)))

    def decode(self, text: bytes) -> Model:
        """Decode a text.

        Raises:
            NotDecodedError: it does not fit the model.

        """
        try:
            decoded = self._decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            if str(error).startswith("`"):
                # The model's own check of a value, be it of a text that is no number at all.
                self._check_numbers(text)
            raise NotDecodedError(*self._explained(error)) from None
        if _may_have_numbers_as_texts(text):
            self._check_numbers(text)
        return decoded

    def _check_numbers(self, text: bytes) -> None:
        """Refuse what Decimal takes for a number and nobody else: `1_0`, ` 1`, `+1`, `1e2`."""
        for path, value in _numbers(msgspec.json.decode(text)):
            if isinstance(value, str) and not NUMBER.fullmatch(value):
                raise NotDecodedError(path, "is a text that is no number")

    def _explained(self, error: Exception) -> tuple[str, str]:
        match error:
            case msgspec.ValidationError():
                reason, _, path = str(error).rpartition(" - at `$")
                if not reason:
                    reason, path = str(error), ""
                return self._field(path.removesuffix("`").removeprefix("."), reason)
            case UnicodeDecodeError():
                return self._whole, "has a text that is not UTF-8"
            case RecursionError():
                return self._whole, "is nested too deeply"
            case _:
                known = _MALFORMED.fullmatch(str(error))
                return self._whole, known[0] if known else "is not one whole JSON object"

    def _field(self, path: str, reason: str) -> tuple[str, str]:
        """Give the path as far as the field itself, and the reason in words."""

        def at(name: str) -> str:
            return f"{path}.{name}" if path else name

        where = path or self._whole
        if missing := _MISSING.fullmatch(reason):
            return at(missing[1]), "is missing"
        if unknown := _UNKNOWN.fullmatch(reason):
            return (
                (at(unknown[1]), self._unknown(unknown[1]))
                if _NAME.fullmatch(unknown[1])
                else (where, "has a field that is not known")
            )
        if own := _OWN.fullmatch(reason):
            return at(own[1]), own[2]
        return where, in_words(reason)

    def _unknown(self, name: str) -> str:
        meant = difflib.get_close_matches(name, self._names, n=1, cutoff=_ALIKE)
        return f"is not known: did you mean {meant[0]}?" if meant else "is not known"


def in_words(reason: str) -> str:
    """Say what msgspec says, without the value and without names of Python's types."""
    for pattern, words in _WORDS:
        if found := pattern.fullmatch(reason):
            return words(*found.groups())
    return "does not fit the schema"


def _type(wanted: str, found: str) -> str:
    kinds = [_KINDS.get(kind, kind) for kind in wanted.split(" | ") if kind != "null"]
    return f"has to be {' or '.join(kinds)}, and is {_GOT.get(found, found)}"


def _length(of: str, bound: str, limit: str) -> str:
    if bound == ">=" and limit == "1":
        return "is empty"
    unit = "characters" if of == "str" else "entries"
    return f"has {'fewer' if bound == '>=' else 'more'} than {limit} {unit}"


def _range(bound: str, limit: str) -> str:
    return f"is {_BOUNDS[bound]} {limit}"


def _form(pattern: str) -> str:
    if digits := _DIGITS.fullmatch(pattern):
        return f"is no code of {digits[1]} digits"
    return _FORMS.get(pattern, "does not have the form that the schema gives")


_WORDS: Final[tuple[tuple[re.Pattern[str], Callable[..., str]], ...]] = (
    (re.compile(r"Expected `([a-z |]+)`, got `([a-z]+)`"), _type),
    (re.compile(r"Expected `(str|array)` of length (>=|<=) ([0-9]+)"), _length),
    (re.compile(r"Expected `[a-z |]+` (>=|<=|>|<) (-?[0-9]+)"), _range),
    (re.compile(r"Expected `str` matching regex (.+)", re.DOTALL), _form),
    (re.compile(r"Invalid decimal string"), lambda: "is a text that is no number"),
    (re.compile(r"Invalid RFC3339 encoded date"), lambda: "is no date YYYY-MM-DD"),
)


def _may_have_numbers_as_texts(text: bytes) -> bool:
    """Tell cheaply; a backslash may hide a name, so that it is looked at."""
    if b"\\" in text:
        return True
    dense = text.translate(None, _BLANKS)
    return any(mark in dense for mark in _NUMBER_AS_TEXT)


def _numbers(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Give each field in `NUMBERS` with its path."""
    if isinstance(part, list):
        for index, element in enumerate(part):
            yield from _numbers(element, f"{path}[{index}]")
    elif isinstance(part, dict):
        for name, value in part.items():
            where = f"{path}.{name}" if path else name
            if name in NUMBERS:
                yield where, value
            yield from _numbers(value, where)


def _names(model: Any) -> Iterator[str]:  # noqa: ANN401 - what a type of a field may be
    """Give the names of the fields of a model and of the models in it."""
    info = msgspec.inspect.type_info(model)
    waiting: list[msgspec.inspect.Type] = [info]
    while waiting:
        match waiting.pop():
            case msgspec.inspect.StructType(fields=fields):
                yield from (field.encode_name for field in fields)
                waiting += [field.type for field in fields]
            case msgspec.inspect.UnionType(types=types):
                waiting += types
            case (
                msgspec.inspect.ListType(item_type=item)
                | msgspec.inspect.VarTupleType(item_type=item)
            ):
                waiting.append(item)
