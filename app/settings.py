"""The settings: from the environment or `.env`, checked all at once before anything starts."""

import base64
import binascii
import difflib
import os
from pathlib import Path
from typing import Annotated, Final

import psycopg
from dotenv import dotenv_values
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import ClaimsError

ENV_FILE: Final = ".env"
KEY_BYTES: Final = 32


def _check_url(value: str | None) -> str | None:
    if value is None:
        return None
    if not value.strip():
        raise ValueError("empty; leave it out for the embedded server")
    try:
        conninfo_to_dict(value)
    except psycopg.ProgrammingError as error:
        # libpq quotes the faulty part, which can be the password.
        raise ValueError("no libpq connection URL or string") from error
    return value


def _check_key(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    try:
        key = base64.b64decode(value.get_secret_value(), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be the base64 of {KEY_BYTES} bytes, not of {len(key)}")
    return value


def _expanded(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


class Settings(BaseSettings):
    """What the program can be told; `.env.template` describes each variable."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str | None, AfterValidator(_check_url)] = Field(
        default=None, repr=False
    )
    claims_home: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        default=Path(".claims"), validate_default=True
    )
    claims_encryption_key: Annotated[SecretStr | None, AfterValidator(_check_key)] = None
    audit_key: Annotated[SecretStr | None, AfterValidator(_check_key)] = Field(
        default=None, alias="CLAIMS_AUDIT_KEY"
    )
    audit_key_file: Annotated[Path | None, AfterValidator(_expanded)] = Field(
        default=None, alias="CLAIMS_AUDIT_KEY_FILE"
    )
    audit_public_keys: str | None = Field(default=None, alias="CLAIMS_AUDIT_PUBLIC_KEYS")
    audit_seal_file: Annotated[Path | None, AfterValidator(_expanded)] = Field(
        default=None, alias="CLAIMS_AUDIT_SEAL_FILE"
    )
    audit_seal_command: str | None = Field(
        default=None, min_length=1, alias="CLAIMS_AUDIT_SEAL_COMMAND"
    )
    claims_submitter: str = Field(default="default", min_length=1)
    batch_size: int = Field(default=5000, ge=1, le=1_000_000, alias="CLAIMS_BATCH_SIZE")
    connections: int = Field(default=2, ge=1, le=64, alias="CLAIMS_CONNECTIONS")


_VARIABLES: Final = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}


def load_settings() -> Settings:
    """Read the settings; raises CONFIG_INVALID naming every variable that is wrong."""
    problems = []
    names = {*os.environ, *dotenv_values(ENV_FILE)}
    for name in sorted(n for n in names if n.startswith("CLAIMS_") and n not in _VARIABLES):
        close = difflib.get_close_matches(name, _VARIABLES, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        problems.append(f"{name} is not a setting{meant}")
    try:
        settings = Settings()
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            variable = str(item["loc"][0]).upper()
            reason = item["msg"].removeprefix("Value error, ")
            problems.append(f"{variable}: {reason[:1].lower()}{reason[1:]}")
    if problems:
        raise ClaimsError(
            "CONFIG_INVALID",
            "the settings are not usable: " + "; ".join(problems),
            "Correct these variables in the environment or in .env; .env.template describes them.",
        )
    return settings
