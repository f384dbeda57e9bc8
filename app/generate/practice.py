"""Who bills what, for whom: specialties with their codes, places and diagnoses; names and towns."""

from dataclasses import dataclass
from typing import Final

FACILITIES: Final = frozenset({"19", "21", "22", "23", "24", "31"})


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure as a specialty bills it."""

    hcpcs: str
    modifiers: tuple[str, ...] = ()
    units: tuple[int, ...] = (1,)
    minutes: tuple[int, int] | None = None
    """Least and most anesthesia minutes."""


def _table(
    text: str, units: tuple[int, ...] = (1,), minutes: tuple[int, int] | None = None
) -> tuple[Procedure, ...]:
    """Read `code[-modifier][*weight]` entries; a procedure stands as often as it weighs."""
    procedures: list[Procedure] = []
    for entry in text.split():
        billed, _, weight = entry.partition("*")
        code, *modifiers = billed.split("-")
        procedure = Procedure(code, tuple(modifiers), units, minutes)
        procedures += [procedure] * int(weight or 1)
    return tuple(procedures)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Specialty:
    """What the providers of one specialty do. What stands twice comes twice as often."""

    taxonomy: str
    weight: int
    places: str
    lines: tuple[int, ...]
    diagnoses: str
    visits: tuple[Procedure, ...] = ()
    """Evaluations: a claim has one at most, with modifier 25 where a service stands beside."""
    services: tuple[Procedure, ...] = ()
    ages: tuple[int, int] = (18, 94)
    sexes: str = "FM"


OFFICE_VISITS: Final = _table("99213*34 99214*30 99203*7 99204*5 99212*5 99215*3 99202")

SPECIALTIES: Final = (
    Specialty(  # family medicine
        taxonomy="207Q00000X",
        weight=24,
        places="11 11 11 11 11 11 11 11 11 10 02",
        lines=(1, 2, 3, 3, 4, 4, 5, 6),
        diagnoses="I10 I10 E785 E119 E1165 Z0000 J069 M5450 R5383 F411 K219 E039 J449 N390 R079",
        visits=OFFICE_VISITS,
        services=_table(
            "93000*6 G0439*5 96127*5 90471*5 99406*3 69210*3 G2211*6 G0444*2 17110*2 94010*2 "
            "20610*2 96372*4 11200 J3420 83036*3 36415*4 81002*2"
        ),
        sexes="FFM",
    ),
    Specialty(  # cardiology
        taxonomy="207RC0000X",
        weight=11,
        places="11 11 11 11 11 11 22 22 21",
        lines=(2, 3, 3, 4, 4),
        diagnoses="I10 I2510 I4891 I480 I5022 R079 R0602 I351 E785",
        visits=OFFICE_VISITS,
        services=_table("93306*8 93000*8 78452*3 93880*3 93350*2 93224*2 93280*2"),
        ages=(40, 96),
    ),
    Specialty(  # diagnostic radiology
        taxonomy="2085R0202X",
        weight=16,
        places="11 11 22 22 23 21",
        lines=(1, 1, 2, 3, 3, 4),
        diagnoses="R0602 R079 M5450 R109 R918 M25561 M25511 N200 Z1231 J189 R1031",
        services=_table(
            "71046*14 71045*8 70450*6 74177*6 73030*4 73562*5 72100*4 72148*4 70553*3 76700*3 "
            "76830*2 77067*6 77063*4 73630*3 93970*2 71260*3 76856*2"
        ),
    ),
    Specialty(  # orthopaedic surgery
        taxonomy="207X00000X",
        weight=8,
        places="11 11 11 11 11 11 22 24",
        lines=(2, 2, 3, 3, 4, 4),
        diagnoses="M1711 M1712 M25561 M25511 M7541 M5416 M1990",
        visits=OFFICE_VISITS,
        services=(
            *_table("20610-RT*8 20610-LT*6 20605*2 29881-RT 29125"),
            *_table("J3301*5", units=(1, 4, 8)),
        ),
    ),
    Specialty(  # dermatology
        taxonomy="207N00000X",
        weight=7,
        places="11",
        lines=(2, 3, 4, 4, 5),
        diagnoses="L570 L821 D485 L578 C44319 L309 D225 B079 L700",
        visits=OFFICE_VISITS,
        services=(
            *_table("17000*9 11102*7 17110*4 11301*2 11402*2 88305*4 17311"),
            *_table("17003*8 11103*3", units=(1, 2, 3, 4)),
        ),
    ),
    Specialty(  # physical therapy
        taxonomy="225100000X",
        weight=11,
        places="11 11 11 11 11 11 11 11 11 12",
        lines=(3, 4, 4, 5, 5),
        diagnoses="M5450 M25561 M25511 M542 R262 M6281 Z96651",
        services=(
            *_table("97161-GP*2 97162-GP 97035-GP*2 97014-GP"),
            *_table("97110-GP*10 97140-GP*8 97530-GP*6 97112-GP*6 97116-GP*2", (1, 1, 2, 2, 3)),
        ),
    ),
    Specialty(  # psychiatry
        taxonomy="2084P0800X",
        weight=8,
        places="11 11 11 10 10 02",
        lines=(1, 1, 2, 2, 3),
        diagnoses="F411 F331 F329 F4310 F319 F909 F1020 F4323",
        visits=_table("99213*5 99214*6 90792*2 90791*2 90837*7 90834*7 90832*2"),
        services=_table("90833*3 90785*2 96127*3 90836"),
        ages=(12, 88),
    ),
    Specialty(  # ophthalmology
        taxonomy="207W00000X",
        weight=6,
        places="11 11 11 11 11 11 11 11 11 24",
        lines=(2, 3, 3, 4),
        diagnoses="H2513 H401131 H353131 H04123 E113293 H25811",
        visits=_table("92014*8 92012*5 92004*3 99213*2"),
        services=(
            *_table("92134*8 92250*4 92083*3 92133*3 66984-RT*2 66984-LT*2 67028-RT*2"),
            *_table("J0178*2", units=(2,)),
        ),
        ages=(30, 96),
    ),
    Specialty(  # gastroenterology
        taxonomy="207RG0100X",
        weight=5,
        places="24 24 22 11",
        lines=(1, 2, 3),
        diagnoses="Z1211 K635 K219 D122 K5730 R195",
        services=_table("45380*5 45385*6 45378*3 43239*5 G0105"),
        ages=(40, 88),
    ),
    Specialty(  # emergency medicine
        taxonomy="207P00000X",
        weight=8,
        places="23",
        lines=(1, 2, 2, 3),
        diagnoses="R079 R109 S0990XA J189 N390 R55 I10 S61411A",
        visits=_table("99284*8 99283*6 99285*6 99282 99291"),
        services=_table("12001*2 12002 10060 93010*6"),
        ages=(1, 96),
    ),
    Specialty(  # hospital medicine
        taxonomy="208M00000X",
        weight=8,
        places="21",
        lines=(1, 1, 2, 2),
        diagnoses="J189 A419 I5033 N179 J9601 E1165 I10 K922",
        visits=_table("99232*10 99233*6 99223*4 99222*3 99238*2 99239*2"),
        services=_table("93010*3 99497 36556"),
        ages=(25, 98),
    ),
    Specialty(  # obstetrics and gynaecology
        taxonomy="207V00000X",
        weight=5,
        places="11",
        lines=(2, 2, 3, 4),
        diagnoses="N939 Z01419 N951 N760 N8189 Z3009",
        visits=OFFICE_VISITS,
        services=_table("76830*4 76817*3 58100*2 57454 59025*2 81002*4"),
        ages=(18, 70),
        sexes="F",
    ),
    Specialty(  # anesthesiology
        taxonomy="207L00000X",
        weight=2,
        places="22 24 21",
        lines=(1,),
        diagnoses="K635 Z1211 H2513 M1711 K8020 K219",
        services=(
            *_table("00811-AA*4 00731-QZ*3 00142-QZ*3", minutes=(15, 60)),
            *_table("01402-AA*2 00790-AA*2", minutes=(60, 200)),
        ),
        ages=(18, 90),
    ),
)

FEMALE_NAMES: Final = _words(
    "Ada Bea Cora Dora Edith Flora Greta Hanna Ines Judith Klara Lena Mabel Nora Olga Paula "
    "Rita Sonja Thea Ursula Vera Wilma Yvonne Zelda Amara Leila Mei Priya Rosa Svetlana"
)
MALE_NAMES: Final = _words(
    "Adam Boris Carl Derek Emil Frank Georg Hugo Ivan Jonas Kurt Louis Max Nils Otto Peter "
    "Quentin Ralph Simon Theo Ulrich Viktor Walter Xavier Yusuf Zoltan Amit Chen Diego Kofi"
)
LAST_NAMES: Final = _words(
    "Abelard Brandvold Castellane Dunmore Eriksen Fairweather Garrowby Hollins Ibarra Jessup "
    "Kowalczyk Lindqvist Marchetti Nakagawa Oyelaran Petrov Quillfeather Rasmussen Sandoval "
    "Thackeray Underhill Vandermeer Westerberg Xiang Yamamoto Zielinski O'Malley Núñez Müller "
    "Okonkwo Patel Fitzgerald Haverford Kingsley Larkspur Mossman Norcross Pemberton Rowntree"
)
STREETS: Final = _words("Oak Maple Cedar Elm Walnut Lake Hill Park River Spring Church Mill")
STREET_KINDS: Final = _words("St Ave Rd Ln Ct Dr")
CITIES: Final = _words("Fairview Riverton Lakeside Brookfield Oakdale Milford Ashland Clayton")
PAYERS: Final = ("60054", "87726", "SX109", "00431", "12B42", "61101")
