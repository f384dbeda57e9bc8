"""The kinds of reference data: their tables, columns and keys, and how each column is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.reference import fields
from app.reference.fields import Check

QUARTERS: Final = "ABCD"
FISCAL_YEAR_MONTH: Final = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a reference table and what may stand in it."""

    name: str
    check: Check


@dataclass(frozen=True, slots=True)
class Kind:
    """What a release can hold; code, table and columns are those of the schema reference."""

    code: str
    title: str
    table: str
    columns: tuple[Column, ...]
    key_length: int
    """How many columns, from the first, no two rows may share."""
    release_name: Callable[[date], str]
    """How the publisher calls the release for a first date."""
    by_qpp_status: bool = False
    """Whether there is one release for each QPP status, from 2026."""
    uniform_column: str | None = None
    """A column that has one value throughout a release."""
    undated_from: date | None = None
    """First date of a list that is published without any date."""
    ends_with_year: bool = False
    """Whether it is published for a calendar year, and says nothing of the next."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the table's columns, in the order rows have them."""
        return tuple(column.name for column in self.columns)


def quarter_of(day: date) -> int:
    """Quarter of the year, 1 to 4."""
    return (day.month + 2) // 3


def fiscal_year_of(day: date) -> int:
    """Federal fiscal year: October to September, named after the year it ends in."""
    return day.year + (day.month >= FISCAL_YEAR_MONTH)


_share = fields.number(2, "0", "1")
_rvu = fields.number(2, "0", "9999.99")
_dollars = fields.number(2, "0", "999999.99")
_index = fields.number(3, "0.1", "5")
_indicator = fields.one_of(["0", "1", "2", "9"])

RVU: Final = Kind(
    code="rvu",
    title="relative values (PPRRVU)",
    table="procedure_rvus",
    columns=(
        Column("hcpcs", fields.hcpcs),
        Column("modifier", fields.component),
        Column("status_code", fields.procedure_status),
        Column("work_rvu", _rvu),
        Column("non_facility_pe_rvu", _rvu),
        Column("facility_pe_rvu", _rvu),
        Column("malpractice_rvu", _rvu),
        Column("non_facility_na", fields.flag("NA", "")),
        Column("facility_na", fields.flag("NA", "")),
        Column("pctc_indicator", fields.one_of(list("0123456789"))),
        Column(
            "global_days",
            fields.one_of(["000", "010", "090", "MMM", "XXX", "YYY", "ZZZ"]),
        ),
        Column("preoperative_share", _share),
        Column("intraoperative_share", _share),
        Column("postoperative_share", _share),
        Column("multiple_procedure", fields.one_of(list("012345679"))),
        Column("bilateral_surgery", fields.one_of(list("01239"))),
        Column("assistant_surgery", _indicator),
        Column("co_surgeons", _indicator),
        Column("team_surgery", _indicator),
        Column(
            "endoscopic_base",
            fields.matching("|[0-9A-Z]{5}", "empty or a HCPCS code"),
        ),
        Column("conversion_factor", fields.number(4, "10", "100")),
        Column("supervision", fields.matching("|[0-9][0-9A-Z]", "a supervision indicator")),
        Column("calculation_flag", fields.matching("[0-9]?", "one digit")),
        Column("imaging_family", fields.matching("|[0-9]{2}", "two digits")),
        Column("opps_non_facility_pe_rvu", _rvu),
        Column("opps_facility_pe_rvu", _rvu),
        Column("opps_malpractice_rvu", _rvu),
    ),
    key_length=2,
    release_name=lambda day: f"RVU{day:%y}{QUARTERS[quarter_of(day) - 1]}",
    by_qpp_status=True,
    ends_with_year=True,
    uniform_column="conversion_factor",
)

GPCI: Final = Kind(
    code="gpci",
    title="geographic indices (GPCI)",
    table="geographic_indices",
    columns=(
        Column("carrier", fields.carrier),
        Column("locality", fields.locality),
        Column("locality_name", fields.name),
        Column("state", fields.state),
        Column("work_gpci", fields.optional(_index)),
        Column("work_gpci_floored", fields.optional(_index)),
        Column("practice_expense_gpci", _index),
        Column("malpractice_gpci", _index),
    ),
    key_length=2,
    release_name=lambda day: f"GPCI {day.year}",
    ends_with_year=True,
)

ANESTHESIA: Final = Kind(
    code="anesthesia_cf",
    title="anesthesia conversion factors (ANES)",
    table="anesthesia_conversion_factors",
    columns=(
        Column("carrier", fields.carrier),
        Column("locality", fields.locality),
        Column("locality_name", fields.name),
        Column("conversion_factor", fields.number(4, "5", "100")),
    ),
    key_length=2,
    release_name=lambda day: f"ANES {day.year}",
    by_qpp_status=True,
    ends_with_year=True,
)

ZIP_LOCALITY: Final = Kind(
    code="zip_locality",
    title="ZIP codes and their localities (ZIP5)",
    table="zip_localities",
    columns=(
        Column("zip5", fields.zip5),
        Column("state", fields.state),
        Column("carrier", fields.carrier),
        Column("locality", fields.locality),
        Column("rural_indicator", fields.one_of(["", "R", "B"])),
        Column("plus_four_required", fields.flag("1", "0")),
    ),
    key_length=1,
    release_name=lambda day: f"ZIP5 {day.year}Q{quarter_of(day)}",
)

OPPS_CAP: Final = Kind(
    code="opps_cap",
    title="amounts capped at OPPS (OPPSCAP)",
    table="opps_caps",
    columns=(
        Column("hcpcs", fields.hcpcs),
        Column("modifier", fields.component),
        Column("carrier", fields.carrier),
        Column("locality", fields.locality),
        Column("status_code", fields.procedure_status),
        Column("facility_amount", _dollars),
        Column("non_facility_amount", _dollars),
    ),
    key_length=4,
    release_name=lambda day: f"OPPSCAP {day.year}Q{quarter_of(day)}",
    by_qpp_status=True,
    ends_with_year=True,
)

ICD10CM: Final = Kind(
    code="icd10cm",
    title="diagnosis codes (ICD-10-CM)",
    table="diagnosis_codes",
    columns=(Column("icd10cm", fields.icd10cm),),
    key_length=1,
    release_name=lambda day: f"ICD-10-CM FY{fiscal_year_of(day)}",
)

PLACE_OF_SERVICE: Final = Kind(
    code="place_of_service",
    title="place of service codes",
    table="place_of_service_codes",
    columns=(
        Column("place_of_service", fields.padded(2, "a code of two digits")),
        Column("is_facility", fields.facility),
        Column("name", fields.name),
    ),
    key_length=1,
    release_name=lambda _: "place of service codes",
    undated_from=date(2000, 1, 1),
)

KINDS: Final = (
    RVU,
    GPCI,
    ANESTHESIA,
    ZIP_LOCALITY,
    OPPS_CAP,
    ICD10CM,
    PLACE_OF_SERVICE,
)
