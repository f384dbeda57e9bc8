"""The settings: from the environment or `.env`, checked all at once before anything starts."""

import base64
import binascii
import difflib
import os
from pathlib import Path
from typing import Annotated, Final, Self

import psycopg
from dotenv import dotenv_values
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.program.console import notice_once
from app.program.errors import ClaimsError

ENV_FILE: Final = ".env"
KEY_BYTES: Final = 32

NOT_NEEDED: Final = {
    "VALIDATION_CONCURRENCY": "a stage call runs each rule as one query over all its claims",
    "RVU_CALCULATION_CONCURRENCY": "all lines of a stage call are priced by one join",
    "TRANSFER_CONCURRENCY": "all claims of a stage call are moved by one statement a table",
}
"""What a program that takes claims one by one is tuned by, and why it has no meaning here."""


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


def _empty_is_unset(value: object) -> object:
    """Let an empty variable take back what .env sets."""
    return None if value == "" else value


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


def _refuse_empty(value: object) -> object:
    """Refuse an empty path, which would be the working folder."""
    if value == "":
        raise ValueError("empty; leave it out for .claims")
    return value


class Settings(BaseSettings):
    """What the program can be told; `.env.template` describes each variable."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str | None, AfterValidator(_check_url)] = Field(
        default=None, repr=False
    )
    claims_home: Annotated[
        Path,
        BeforeValidator(_refuse_empty),
        AfterValidator(lambda path: path.expanduser().absolute()),
    ] = Field(default=Path(".claims"), validate_default=True)
    claims_encryption_key: Annotated[SecretStr | None, AfterValidator(_check_key)] = None
    claims_encryption_key_file: Annotated[
        Path | None, BeforeValidator(_empty_is_unset), AfterValidator(_absolute)
    ] = None
    claims_key_command: Annotated[str | None, BeforeValidator(_empty_is_unset)] = None
    key_command_seconds: float = Field(default=10, gt=0, le=600, alias="CLAIMS_KEY_COMMAND_SECONDS")
    claims_erasure_keys_file: Annotated[
        Path | None, BeforeValidator(_empty_is_unset), AfterValidator(_absolute)
    ] = None
    audit_key: Annotated[SecretStr | None, AfterValidator(_check_key)] = Field(
        default=None, alias="CLAIMS_AUDIT_KEY"
    )
    audit_key_file: Annotated[Path | None, AfterValidator(_absolute)] = Field(
        default=None, alias="CLAIMS_AUDIT_KEY_FILE"
    )
    audit_public_keys: str | None = Field(default=None, alias="CLAIMS_AUDIT_PUBLIC_KEYS")
    audit_seal_file: Annotated[Path | None, AfterValidator(_absolute)] = Field(
        default=None, alias="CLAIMS_AUDIT_SEAL_FILE"
    )
    audit_seal_command: str | None = Field(
        default=None, min_length=1, alias="CLAIMS_AUDIT_SEAL_COMMAND"
    )
    claims_submitter: str = Field(default="default", min_length=1)
    batch_size: int = Field(default=5000, ge=1, le=1_000_000, alias="CLAIMS_BATCH_SIZE")
    connections: int = Field(default=2, ge=1, le=64, alias="CLAIMS_CONNECTIONS")
    ml_model_path: Path | None = None
    ml_approval_threshold: float = Field(default=0.8, ge=0, le=1)
    max_concurrent_batches: int = Field(default=2, ge=1, le=64)
    max_concurrent_claim_processing: int | None = Field(default=None, ge=1, le=1_000_000)
    max_attempts: int = Field(default=5, ge=1, le=30)
    lease_seconds: float = Field(default=60.0, ge=1, le=3600, alias="CLAIMS_LEASE_SECONDS")
    poll_seconds: float = Field(default=2.0, ge=0.1, le=60, alias="CLAIMS_POLL_SECONDS")
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    http_host: str = Field(default="127.0.0.1", min_length=1, alias="CLAIMS_HTTP_HOST")
    http_port: int = Field(default=8000, ge=1, le=65_535, alias="CLAIMS_HTTP_PORT")
    http_connections: int = Field(default=8, ge=2, le=200, alias="CLAIMS_HTTP_CONNECTIONS")
    tls_certificate: FilePath | None = Field(default=None, alias="CLAIMS_TLS_CERTIFICATE")
    tls_key: FilePath | None = Field(default=None, alias="CLAIMS_TLS_KEY")
    behind_proxy: bool = Field(default=False, alias="CLAIMS_BEHIND_PROXY")
    max_body_bytes: int = Field(
        default=64 << 20, ge=1 << 10, le=1 << 30, alias="CLAIMS_MAX_BODY_BYTES"
    )
    max_decoded_bytes: int = Field(
        default=128 << 20, ge=1 << 10, le=1 << 30, alias="CLAIMS_MAX_DECODED_BYTES"
    )
    body_seconds: float = Field(default=30, gt=0, le=3600, alias="CLAIMS_BODY_SECONDS")
    rate_limit: int = Field(default=500, ge=1, le=100_000, alias="CLAIMS_RATE_LIMIT")
    http_workers: int = Field(default=2, ge=1, le=64, alias="CLAIMS_HTTP_WORKERS")
    memcached_host: str | None = Field(default=None, min_length=1)
    memcached_port: int = Field(default=11_211, ge=1, le=65_535)
    rvu_cache_ttl: int = Field(default=3600, ge=1, le=30 * 24 * 3600)

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("CLAIMS_TLS_CERTIFICATE and CLAIMS_TLS_KEY go together")
        return self

    @model_validator(mode="after")
    def _check_one_key(self) -> Self:
        given = (
            self.claims_encryption_key,
            self.claims_encryption_key_file,
            self.claims_key_command,
        )
        if sum(one is not None for one in given) > 1:
            raise ValueError(
                "of CLAIMS_ENCRYPTION_KEY, CLAIMS_ENCRYPTION_KEY_FILE and CLAIMS_KEY_COMMAND "
                "one alone can be set"
            )
        return self


_VARIABLES: Final = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}


def load_settings() -> Settings:
    """Read the settings; raises CONFIG_INVALID naming every variable that is wrong."""
    problems = []
    names = {*os.environ, *dotenv_values(ENV_FILE)}
    for name in sorted(names & NOT_NEEDED.keys()):
        notice_once(
            f"{name} is set and does nothing here: {NOT_NEEDED[name]}. How many such calls run at "
            "a time is MAX_CONCURRENT_BATCHES, how many claims one takes "
            "MAX_CONCURRENT_CLAIM_PROCESSING."
        )
    for name in sorted(names - _VARIABLES):
        if not name.startswith(("CLAIMS_", "ML_")):
            continue
        close = difflib.get_close_matches(name, _VARIABLES, n=1)
        if name.startswith("ML_") and not close:
            continue  # another program's
        meant = f"; did you mean {close[0]}?" if close else ""
        problems.append(f"{name} is not a setting{meant}")
    try:
        settings = Settings()
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            # What is wrong with several together names them itself.
            variable = f"{item['loc'][0]}: ".upper() if item["loc"] else ""
            reason = item["msg"].removeprefix("Value error, ")
            problems.append(
                f"{variable}{reason[:1].lower() if variable else reason[:1]}{reason[1:]}"
            )
    if problems:
        raise ClaimsError(
            "CONFIG_INVALID",
            "the settings are not usable: " + "; ".join(problems),
            "Correct these variables in the environment or in .env; .env.template describes them.",
        )
    return settings
