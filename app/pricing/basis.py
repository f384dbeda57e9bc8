"""The figures behind the fee of a priced line, so that a person can compute it again."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg import Connection, rows

from app.program.errors import translated

# The figures a priced line was made of. The line names the releases of its relative
# values and indices; the setting of the place of service and the locality of the ZIP code are
# read from what is in force now, and the stored fee tells whether that still holds.
READ_BASES: Final[LiteralString] = """
with line as (
  select
    line.line_number,
    line.service_date,
    line.hcpcs,
    line.place_of_service,
    line.rvu_release_id,
    line.gpci_release_id,
    pricing.choose_row_modifier(line.modifiers) as row_modifier,
    claim.carrier,
    claim.locality,
    left(claim.service_zip, 5) as zip5,
    found.place_release_id,
    found.zip_release_id,
    found.work_floor
  from access.claim_lines as line
  inner join access.claims as claim
    on line.claim_id = claim.claim_id and line.service_month = claim.service_month
  cross join lateral pricing.find_releases(array[line.service_date]) as found
  where line.claim_id = %(claim_id)s and line.pricing_status = 'priced'
)

select
  line.line_number,
  line.row_modifier,
  rvu_release.name as rvu_release,
  gpci_release.name as gpci_release,
  place.is_facility,
  gpci.carrier,
  gpci.locality,
  gpci.locality_name,
  rvu.work_rvu,
  case when place.is_facility then rvu.facility_pe_rvu else rvu.non_facility_pe_rvu end
    as practice_expense_rvu,
  rvu.malpractice_rvu,
  pricing.choose_work_index(line.work_floor, gpci.work_gpci, gpci.work_gpci_floored)
    as work_gpci,
  gpci.practice_expense_gpci,
  gpci.malpractice_gpci,
  rvu.conversion_factor,
  rvu.opps_non_facility_pe_rvu <> 0
  or rvu.opps_facility_pe_rvu <> 0
  or rvu.opps_malpractice_rvu <> 0 as is_capped,
  case
    when place.is_facility then rvu.opps_facility_pe_rvu else rvu.opps_non_facility_pe_rvu
  end as opps_practice_expense_rvu,
  rvu.opps_malpractice_rvu
from line
inner join reference.releases as rvu_release on line.rvu_release_id = rvu_release.release_id
inner join reference.releases as gpci_release
  on line.gpci_release_id = gpci_release.release_id
inner join reference.procedure_rvus as rvu
  on
    line.rvu_release_id = rvu.release_id
    and line.hcpcs = rvu.hcpcs
    and line.row_modifier = rvu.modifier
inner join reference.place_of_service_codes as place
  on
    line.place_release_id = place.release_id
    and line.place_of_service = place.place_of_service
left join reference.zip_localities as zip
  on line.zip_release_id = zip.release_id and line.zip5 = zip.zip5
inner join reference.geographic_indices as gpci
  on
    line.gpci_release_id = gpci.release_id
    and coalesce(line.carrier, zip.carrier) = gpci.carrier
    and case when line.carrier is null then zip.locality else line.locality end
    = gpci.locality
order by line.line_number"""


@dataclass(frozen=True, slots=True)
class Formula:
    """What one unit comes to: relative values weighted by indices, in dollars."""

    parts: tuple[tuple[str, Decimal, Decimal], ...]
    """Name, relative value and index."""
    conversion_factor: Decimal

    @property
    def total(self) -> Decimal:
        """The weighted relative values."""
        return sum((value * index for _, value, index in self.parts), Decimal())

    @property
    def amount(self) -> Decimal:
        """Dollars, not rounded."""
        return self.total * self.conversion_factor


@dataclass(frozen=True, slots=True)
class Basis:
    """The figures from which the fee of a line is computed, with where they stand."""

    line_number: int
    row_modifier: str
    rvu_release: str
    gpci_release: str
    is_facility: bool
    carrier: str
    locality: str
    locality_name: str
    work_rvu: Decimal
    practice_expense_rvu: Decimal
    malpractice_rvu: Decimal
    work_gpci: Decimal
    practice_expense_gpci: Decimal
    malpractice_gpci: Decimal
    conversion_factor: Decimal
    is_capped: bool
    """Whether the row has relative values for the OPPS cap."""
    opps_practice_expense_rvu: Decimal
    opps_malpractice_rvu: Decimal

    @property
    def fee(self) -> Decimal:
        """The amount of one unit, dollars, not rounded."""
        return self.formula("schedule").amount

    @property
    def opps_cap(self) -> Decimal:
        """The same formula over the relative values of the OPPS cap."""
        return self.formula("opps").amount

    def formula(self, name: str) -> Formula:
        """Write out one unit by the relative values of a formula of catalogue.pricing_steps."""
        practice_expense, malpractice = {
            "schedule": (self.practice_expense_rvu, self.malpractice_rvu),
            "opps": (self.opps_practice_expense_rvu, self.opps_malpractice_rvu),
        }[name]
        return Formula(
            parts=(
                ("work", self.work_rvu, self.work_gpci),
                ("practice expense", practice_expense, self.practice_expense_gpci),
                ("malpractice", malpractice, self.malpractice_gpci),
            ),
            conversion_factor=self.conversion_factor,
        )

    def gives(self, stored_fee: Decimal) -> bool:
        """Whether the figures still give the fee that was stored with the line."""
        return self.fee == stored_fee


def read_bases(conn: Connection[Any], claim_id: int) -> dict[int, Basis]:
    """Read the figures of the lines of a transferred claim that have a price, by line."""
    with translated(), conn.cursor(row_factory=rows.class_row(Basis)) as cur:
        found = cur.execute(READ_BASES, {"claim_id": claim_id}).fetchall()
    return {basis.line_number: basis for basis in found}
