"""Releases in the database: loaded once, superseding each other the same in any order."""

import json
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from app.cli import main
from app.database.connect import Role, connect
from app.program.errors import ClaimsError, DatabaseError
from app.program.paths import DATA_DIR
from app.reference.kinds import KINDS, RVU
from app.reference.listing import list_periods, list_releases
from app.reference.load import load
from app.reference.recognise import read
from app.reference.releases import Given, Release, plan, settle
from app.reference.source import Source, open_sources
from app.reference.starter import STARTER_FILES, ensure_starter
from tests import reference_samples as samples
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("database")


def run(*arguments: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["reference", *map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def contents(conn: Connection[Any]) -> dict[str, int]:
    tables = ["releases", "periods_in_force", *(kind.table for kind in KINDS)]
    return {
        table: conn.execute(f"select count(*) from reference.{table}").fetchall()[0][0]  # noqa: S608 - names of our own
        for table in tables
    }


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {
        "rvu.csv": samples.pprrvu_csv(),
        "gpci.csv": samples.GPCI_2025,
        "anes.csv": samples.ANES,
        "zip.txt": samples.ZIP5,
        "icd10cm_2026.txt": samples.ICD10CM,
        "places.csv": samples.PLACES.encode(),
        "PPRRVU2025_Jul.csv": samples.pprrvu_csv(title=samples.TITLE.replace("October", "July")),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in made}


def test_each_kind_is_loaded_and_the_same_again_changes_nothing(files: dict[str, Path]) -> None:
    paths = [path for name, path in files.items() if "Jul" not in name]
    first = run("load", *paths)
    assert [one["loaded"] for one in first["releases"]] == [True] * 6
    with connect(Role.OPERATOR) as conn:
        before = contents(conn)
        releases = list_releases(conn)
    assert before["procedure_rvus"] == 4
    again = run("load", *paths)
    assert [one["loaded"] for one in again["releases"]] == [False] * 6
    assert [one["release_id"] for one in again["releases"]] == [
        one["release_id"] for one in first["releases"]
    ]
    with connect(Role.OPERATOR) as conn:
        assert contents(conn) == before
        assert list_releases(conn) == releases


def test_values_arrive_as_they_stand_in_the_file(files: dict[str, Path]) -> None:
    run("load", files["rvu.csv"], files["gpci.csv"], files["zip.txt"], files["places.csv"])
    with connect(Role.OPERATOR) as conn:
        rvu = conn.execute(
            "select work_rvu::text, facility_pe_rvu::text, non_facility_na, facility_na,"
            " conversion_factor::text from reference.procedure_rvus where hcpcs = '99213'"
        ).fetchall()
        gpci = conn.execute(
            "select carrier, locality, locality_name, work_gpci, work_gpci_floored::text"
            " from reference.geographic_indices order by carrier"
        ).fetchall()
        zips = conn.execute(
            "select zip5, rural_indicator, plus_four_required"
            " from reference.zip_localities order by zip5"
        ).fetchall()
        places = conn.execute(
            "select place_of_service, is_facility, name"
            " from reference.place_of_service_codes order by 1"
        ).fetchall()
    assert rvu == [("1.30", "0.57", False, True, "32.3465")]
    assert gpci[1] == ("02102", "01", "ALASKA", None, "1.500")
    assert zips == [("83121", "B", True), ("99501", "", False)]
    assert places == [("02", True, "Café"), ("28", None, "Unassigned")]


def test_bad_row_loads_nothing_of_any_file(files: dict[str, Path]) -> None:
    files["anes.csv"].write_bytes(samples.ANES.replace(b"27.86", b"many"))
    with connect(Role.OPERATOR) as conn:
        before = contents(conn)
    result = CliRunner().invoke(
        main, ["reference", "load", str(files["gpci.csv"]), str(files["anes.csv"]), "--json"]
    )
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "REFERENCE_ROW_INVALID"
    assert "anes.csv" in error["message"]
    assert "line 3, column conversion_factor: 'many' is not a number" in error["message"]
    with connect(Role.OPERATOR) as conn:
        assert contents(conn) == before


def test_newer_release_supersedes_visibly_and_deletes_nothing(files: dict[str, Path]) -> None:
    july = run("load", files["PPRRVU2025_Jul.csv"])["releases"][0]
    october = run("load", files["rvu.csv"])["releases"][0]
    assert {
        (lost["name"], lost["valid_from"], lost["valid_to"]) for lost in october["supersedes"]
    } == {("RVU25C", "2025-10-01", "2025-12-31")}
    listed = {one["name"]: one for one in run("list")["releases"]}
    assert listed["RVU25C"]["superseded_by"] == [october["release_id"]]
    assert {period["valid_to"] for period in listed["RVU25C"]["in_force"]} == {"2025-09-30"}
    assert listed["RVU25D"]["superseded_by"] == []
    with connect(Role.OPERATOR) as conn:
        rows = conn.execute(
            "select release_id, count(*) from reference.procedure_rvus group by 1 order by 1"
        ).fetchall()
    assert rows == [(july["release_id"], 4), (october["release_id"], 4)]


def test_older_release_loaded_later_does_not_take_over(files: dict[str, Path]) -> None:
    run("load", files["rvu.csv"])
    july = run("load", files["PPRRVU2025_Jul.csv"])["releases"][0]
    assert july["supersedes"] == []
    assert {period["valid_to"] for period in july["in_force"]} == {"2025-09-30"}


def test_list_and_load_are_readable(files: dict[str, Path]) -> None:
    runner = CliRunner()
    nothing = runner.invoke(main, ["reference", "list"])
    assert "No release is loaded" in nothing.stderr
    loaded = runner.invoke(main, ["reference", "load", str(files["rvu.csv"])])
    assert "RVU25D: loaded as release" in loaded.stdout
    assert "dates of service from 2025-10-01 to 2025-12-31 (from the file)" in loaded.stdout
    newer = ["reference", "load", str(files["rvu.csv"]), "--from", "2025-11-01", "--name", "mine"]
    assert "supersedes RVU25D (release" in runner.invoke(main, newer).stdout
    listed = runner.invoke(main, ["reference", "list"]).stdout
    assert "2025-10-01 to 2025-10-31" in listed
    assert "mine" in listed


def one_row(release: tuple[date, date | None, str, bool]) -> tuple[Release, bool]:
    valid_from, valid_to, qpp_status, is_starter = release
    head = ",".join(["release", "valid_from", "valid_to", "qpp_status", *RVU.column_names])
    row = ",".join(samples.PPRRVU_ROW[name] for name in RVU.column_names)
    name = f"{valid_from} {valid_to} {qpp_status} {is_starter}"
    content = f"{head}\n{name},{valid_from},{valid_to or ''},{qpp_status},{row}\n".encode()
    parsed = read(Source(name, content))
    assert parsed is not None
    (one,) = parsed
    settled = settle(one, Given())
    return settled, is_starter


def periods_after(
    conn: Connection[Any], releases: Sequence[tuple[Release, bool]]
) -> list[tuple[str, str, date, date | None]]:
    """Load the releases in their order, see what is in force, and undo it all."""
    with conn.transaction(force_rollback=True):
        for release, is_starter in releases:
            load(conn, release, is_starter=is_starter)
        found = list_periods(conn, RVU.code)
    return sorted(
        (period.qpp_status, period.name, period.valid_from, period.valid_to) for period in found
    )


def expected(
    releases: Sequence[tuple[Release, bool]],
) -> list[tuple[str, str, date, date | None]]:
    """Say day by day which release holds: the latest first date, a published one first."""
    first = min(release.valid_from for release, _ in releases)
    # Past the end of the year, where the schedule ends that gives no end.
    horizon = date(2026, 1, 3)
    found: list[tuple[str, str, date, date | None]] = []
    for status in ("non_qpp", "qpp"):
        day, last = first, ""
        while day < horizon:
            holding = [
                (release.valid_from, not is_starter, release.name)
                for release, is_starter in releases
                if release.qpp_status in {"both", status}
                and release.valid_from <= day <= (release.valid_to or date.max)
            ]
            name = max(holding)[2] if holding else ""
            if name != last:
                if last:
                    found[-1] = (*found[-1][:3], day - timedelta(days=1))
                if name:
                    found.append((status, name, day, None))
            last, day = name, day + timedelta(days=1)
    return sorted(found)


DAYS = st.integers(0, 40).map(lambda days: date(2025, 10, 1) + timedelta(days=days))
RELEASES = st.lists(
    st.tuples(
        DAYS,
        st.none() | st.integers(0, 30),
        st.sampled_from(["both", "qpp", "non_qpp"]),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
    # Two of equal rank on the same first date are the one case where the order decides.
    unique_by=lambda release: (release[0], release[3]),
)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_is_in_force_does_not_depend_on_the_order_of_loading(
    database: Database, data: st.DataObject
) -> None:
    drawn = data.draw(RELEASES)
    releases = [
        one_row((first, None if days is None else first + timedelta(days=days), status, starter))
        for first, days, status, starter in drawn
    ]
    shuffled = data.draw(st.permutations(releases))
    assert database.name
    with connect(Role.OPERATOR) as conn:
        one_way = periods_after(conn, releases)
        other_way = periods_after(conn, shuffled)
    assert one_way == other_way
    assert one_way == expected(releases)


def test_two_loading_the_same_at_once_load_it_once(files: dict[str, Path]) -> None:
    (release,) = plan([files["rvu.csv"]], Given()).releases
    with connect(Role.OPERATOR) as one, connect(Role.OPERATOR) as other:
        other.execute("set lock_timeout = '200ms'")
        other.commit()
        with one.transaction():
            first = load(one, release)
            with pytest.raises(DatabaseError, match="lock timeout"):
                load(other, release)
        second = load(other, release)
    assert first.superseded == []
    assert second.superseded is None
    assert second.release_id == first.release_id


def test_starter_is_loaded_once_and_again_when_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in STARTER_FILES:
        shutil.copy(DATA_DIR / name, folder)
    with connect(Role.OPERATOR) as conn:
        assert ensure_starter(conn, folder) == list(STARTER_FILES)
        before = contents(conn)
        assert ensure_starter(conn, folder) == []
        assert contents(conn) == before
        localities = folder / "localities.csv"
        localities.write_text(localities.read_text().replace(",0.869,", ",0.870,"))
        assert ensure_starter(conn, folder) == ["localities.csv"]
        current = conn.execute(
            "select indices.practice_expense_gpci::text"
            " from reference.geographic_indices as indices"
            " inner join reference.periods_in_force as period using (release_id)"
            " where indices.carrier = '10112' and period.qpp_status = 'qpp'"
            " and date '2025-06-01' between period.valid_from and period.valid_to"
        ).fetchall()
    assert current == [("0.870",)]


def test_broken_starter_is_refused_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA_DIR, folder)
    rvu = folder / "rvu_data.csv"
    rvu.write_text(rvu.read_text().replace(",33.4009,", ",33,4009,", 1))
    with connect(Role.OPERATOR) as conn:
        before = contents(conn)
        with pytest.raises(ClaimsError, match=r"rvu_data\.csv: refused whole"):
            ensure_starter(conn, folder)
        assert contents(conn) == before


def test_starter_covers_every_kind_today_and_from_2025_on() -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
        for day in ("2025-01-01", "2025-12-31", "2026-01-01", "2026-11-24"):
            kinds = conn.execute(
                "select array_agg(period.kind order by period.kind)"
                " from reference.periods_in_force as period where period.qpp_status = 'non_qpp'"
                " and %s::date between period.valid_from and period.valid_to"
                " and period.kind <> 'anesthesia_cf'",
                (day,),
            ).fetchall()
            assert kinds == [(["gpci", "icd10cm", "place_of_service", "rvu", "zip_locality"],)]


def test_published_release_goes_before_the_starter(files: dict[str, Path]) -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
    loaded = run("load", files["gpci.csv"], files["rvu.csv"])["releases"]
    assert {(lost["name"], lost["valid_from"]) for one in loaded for lost in one["supersedes"]} == {
        ("starter 2025", "2025-01-01"),
        ("starter 2025", "2025-10-01"),
        # For qualifying participants the starter has no schedule of 2026: nothing is lost there.
    }


def test_starter_agrees_with_what_cms_publishes(cms_data_dir: Path) -> None:
    (source,) = open_sources(DATA_DIR / "rvu_data.csv")
    parsed = read(source)
    assert parsed is not None
    published = plan(
        [cms_data_dir / "PPRRVU2025_Oct.csv", cms_data_dir / "PPRRVU2026_Apr_nonQPP.txt"], Given()
    ).releases
    for starter, release in zip(parsed, published, strict=True):
        codes = {row[0] for row in starter.rows}
        assert set(starter.rows) == {row for row in release.rows if row[0] in codes}


def test_relative_values_load_in_two_seconds(cms_data_dir: Path) -> None:
    """The best of three, because other work on the machine only ever adds."""
    seconds = []
    for month in ("01", "04", "07"):
        told = run("load", cms_data_dir / "PPRRVU2025_Oct.csv", "--from", f"2025-{month}-02")
        (release,) = told["releases"]
        assert (release["rows"], release["loaded"]) == (19_090, True)
        seconds.append(told["seconds"])
    assert min(seconds) < 2


def test_a_fee_schedule_ends_with_its_year(files: dict[str, Path]) -> None:
    """And holds no further, for nobody: neither do lists that are published without an end."""
    loaded = {row["kind"]: row["valid_to"] for row in run("load", *files.values())["releases"]}
    assert {kind: loaded[kind] for kind in ("rvu", "gpci", "anesthesia_cf")} == dict.fromkeys(
        ("rvu", "gpci", "anesthesia_cf"), "2025-12-31"
    )
    assert loaded["zip_locality"] is None
    assert loaded["icd10cm"] is None
    with connect(Role.OPERATOR) as conn:
        assert not [
            period
            for period in list_periods(conn, "rvu")
            if period.valid_to is None or period.valid_to > date(2025, 12, 31)
        ]


def test_a_release_of_last_year_loaded_late_is_not_in_force_this_year(
    files: dict[str, Path],
) -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
        before = [period for period in list_periods(conn, "rvu") if period.valid_from.year > 2025]
    run("load", files["rvu.csv"])
    with connect(Role.OPERATOR) as conn:
        after = [period for period in list_periods(conn, "rvu") if period.valid_from.year > 2025]
    assert after == before


def test_a_release_is_withdrawn_and_loaded_again(files: dict[str, Path]) -> None:
    with connect(Role.OPERATOR) as conn:
        ensure_starter(conn)
        before = list_periods(conn, "rvu")
    (loaded,) = run("load", files["rvu.csv"])["releases"]
    withdrawn = run("withdraw", loaded["release_id"], "--reason", "of the wrong quarter")
    assert withdrawn["priced"] == []
    assert {row["name"] for row in withdrawn["in_force_again"]} == {"starter 2025"}
    with connect(Role.OPERATOR) as conn:
        assert list_periods(conn, "rvu") == before
    (listed,) = [
        row for row in run("list")["releases"] if row["release_id"] == loaded["release_id"]
    ]
    assert (listed["withdrawn_reason"], listed["in_force"]) == ("of the wrong quarter", [])
    shown = CliRunner().invoke(main, ["reference", "list"])
    assert "of the wrong quarter" in " ".join(shown.stdout.split())
    twice = CliRunner().invoke(
        main, ["reference", "withdraw", str(loaded["release_id"]), "--reason", "x", "--json"]
    )
    assert json.loads(twice.stdout)["error"]["code"] == "PL017"
    (again,) = run("load", files["rvu.csv"])["releases"]
    assert again["loaded"]
    assert again["release_id"] != loaded["release_id"]
    shown = CliRunner().invoke(
        main, ["reference", "withdraw", str(again["release_id"]), "--reason", "x"]
    )
    assert "in force now: starter 2025" in shown.stdout
    assert "no claim in production was priced by it" in shown.stdout


def test_a_mixed_set_loads_what_is_used_and_names_the_rest(
    files: dict[str, Path], tmp_path: Path
) -> None:
    counties = tmp_path / "25LOCCO.csv"
    counties.write_text("COUNTIES INCLUDED IN 2025 LOCALITIES. (ALPHABETICALLY),,,,\n,,,,\n")
    answer = run("load", counties, files["gpci.csv"])
    assert [row["kind"] for row in answer["releases"]] == ["gpci"]
    assert answer["unused"] == [
        {"file": "25LOCCO.csv", "holds": "localities and their counties (LOCCO)"}
    ]
    alone = CliRunner().invoke(main, ["reference", "load", str(counties), "--json"])
    assert json.loads(alone.stdout)["error"]["code"] == "REFERENCE_FILE_NOT_USED"
    assert "localities and their counties" in json.loads(alone.stdout)["error"]["message"]


def test_status_tells_when_a_schedule_ends(files: dict[str, Path]) -> None:
    last = date.today() + timedelta(days=59)  # noqa: DTZ011 - as current_date, to the day
    first = last - timedelta(days=300)
    run("load", files["rvu.csv"], files["gpci.csv"], "--from", f"{first}", "--to", f"{last}")
    told = CliRunner().invoke(main, ["status", "--json"])
    schedules = {row["kind"]: row for row in json.loads(told.stdout)["schedules"]}
    assert schedules["rvu"]["covered_to"] == f"{last}"
    assert schedules["gpci"]["days_left"] in {58, 59, 60}
    assert f"Ends on {last}" in CliRunner().invoke(main, ["status"]).stdout


def test_a_list_far_smaller_than_the_one_it_replaces_is_doubted(tmp_path: Path) -> None:
    codes = samples.ICD10CM.split()
    whole, part = tmp_path / "icd10cm_codes_2026.txt", tmp_path / "icd10cm_codes_2027.txt"
    whole.write_bytes(samples.ICD10CM)
    part.write_bytes(codes[0] + b"\n")
    run("load", whole)
    refused = CliRunner().invoke(main, ["reference", "load", str(part), "--json"])
    assert json.loads(refused.stdout)["error"]["code"] == "REFERENCE_LIST_SMALLER"
    assert [row["name"] for row in run("list")["releases"]] == ["ICD-10-CM FY2026"]
    (taken,) = run("load", part, "--smaller")["releases"]
    assert taken["loaded"]
