"""The way to the database: under TLS, or one that does not leave this machine."""

import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress
from itertools import zip_longest
from typing import Final

from psycopg import pq

from app.program.errors import ClaimsError

TLS_MODES: Final = ("require", "verify-ca", "verify-full")
"""libpq's sslmodes that never go on without TLS; the last two verify the server too."""

_LOOPBACK_NAME: Final = "localhost"


def check_transport(info: Mapping[str, str]) -> None:
    """Refuse a way to the database on which others could read along.

    What `info` leaves open is what libpq has of the environment (PGHOST, PGSSLMODE, PGSERVICE).
    A service that `info` names is not looked into: what counts must stand beside it. That a
    socket has no TLS does not matter to libpq, so that a mode can be given for it as well.

    Raises:
        ClaimsError: DB_TLS_REQUIRED.

    """
    defaults = {
        option.keyword.decode(): option.val.decode()
        for option in pq.Conninfo.get_defaults()
        if option.val is not None
    }
    given = defaults | dict(info)
    if given.get("sslmode") in TLS_MODES:
        return
    # An address goes before the name that stands in the same place of the other list.
    lists = (given.get(name, "").split(",") for name in ("hostaddr", "host"))
    places = [address or name for address, name in zip_longest(*lists, fillvalue="")]
    unseen = "service" in info and not info.keys() & {"host", "hostaddr"}
    if not unseen and all(map(_is_local, places)):
        return
    where = f"the service {info['service']}" if unseen else ", ".join(places)
    raise ClaimsError(
        "DB_TLS_REQUIRED",
        f"the way to the database ({where}) leaves this machine, and sslmode="
        f"{given.get('sslmode', 'prefer')} lets it go without TLS",
        "Put sslmode=verify-full and sslrootcert=FILE, the certificate of the authority that "
        "signed the server's, into DATABASE_URL; sslmode=require encrypts without verifying who "
        "answers.",
    )


def _is_local(place: str) -> bool:
    """Tell whether libpq reaches a place by a socket or a loopback address.

    No name is trusted but localhost, and that one only while all it stands for is loopback.
    """
    if not place or place.startswith(("/", "@")):
        return True
    with suppress(OSError, ValueError):
        if place == _LOOPBACK_NAME:
            found = socket.getaddrinfo(place, None, type=socket.SOCK_STREAM)
            return all(ipaddress.ip_address(str(one[4][0])).is_loopback for one in found)
        return ipaddress.ip_address(place).is_loopback
    return False
