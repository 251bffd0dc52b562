"""Every setting of the installation, typed, described, and read from the environment here alone.

A setting comes from an environment variable `VITRINE_<NAME>`, else from `.env` in the working
directory, else from the keys that the local stack made in its home, else from the default below.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.networks import read_networks


class Settings(BaseSettings):
    """What an operator can set; `docs/settings.md` says when to."""

    model_config = SettingsConfigDict(env_prefix="VITRINE_", frozen=True, extra="ignore")

    home: Path = Field(Path(".vitrine"), description="Folder of the local stack: data, keys, logs.")
    library: Path = Field(
        Path("samples/halden"), description="The directory tree that serves as the DAM."
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="Vitrine's database, as the application role sees it."
    )
    migration_database_url: SecretStr = Field(
        SecretStr(""), description="The same database, as its owner: only migrations use it."
    )
    store_url: str = Field(
        "", description="Where renditions, plans and pages lie: file:///… (empty: home/store)."
    )
    store_reserve_mb: int = Field(
        512,
        ge=0,
        le=1 << 30,
        description="So much stays free on the store's disk: a share that would not leave it is refused.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8300", description="The address under which recipients reach the gateway."
    )
    gateway_port: int = Field(8300, ge=1, le=65535, description="Port that the gateway listens on.")
    gateway_workers: int = Field(
        2, ge=1, le=64, description="Processes of the gateway, about 110 MB each."
    )
    desk_port: int = Field(8301, ge=1, le=65535, description="Port that the desk listens on.")
    prefect_port: int = Field(4200, ge=1, le=65535, description="Port of Prefect's server and UI.")
    link_key: SecretStr = Field(
        SecretStr(""), description="32 bytes, base64: seals links and letters, keys digests."
    )
    former_link_keys: SecretStr = Field(
        SecretStr(""),
        description="Link keys of before, with spaces between: they open, and seal no more.",
    )
    desk_key: SecretStr = Field(
        SecretStr(""), description="The desk's API key, sent as a bearer token."
    )
    refuse_weak_passwords: bool = Field(
        False, description="Refuse passwords that are easily guessed, instead of warning."
    )
    gate_memory_ms: int = Field(
        500,
        ge=0,
        le=1000,
        description="For so long a gateway may remember where a link stands, at most (0: not at all).",
    )
    trusted_proxies: str = Field(
        "",
        description="Networks whose X-Forwarded-For is believed, for example 127.0.0.1/32,10.0.0.0/8.",
    )
    offload_inline: Literal["", "x-accel"] = Field(
        "", description="x-accel: nginx before the gateway sends inline pictures from the store."
    )
    letters_from: str = Field(
        "Vitrine <vitrine@localhost>", description="The sender's address of every letter."
    )
    publish_lease_seconds: int = Field(
        20,
        ge=5,
        le=3600,
        description="After this time without a sign of life a publishing run is dead.",
    )
    purge_after_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="So many days after a share has expired or was revoked it is purged.",
    )
    evidence_retention_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="So long who accepted terms is kept beside its event, past the purge (0: not).",
    )
    garbage_grace_hours: int = Field(
        24,
        ge=0,
        le=8760,
        description="What no share needs is kept for so many hours before it is collected.",
    )
    render_processes: int = Field(
        0, ge=0, le=256, description="Worker processes for renditions (0: one per processor)."
    )
    render_chunk: int = Field(25, ge=1, le=500, description="Assets per rendering task.")
    render_seconds: int = Field(60, ge=1, le=3600, description="Time limit for one original.")
    render_memory_mb: int = Field(
        1536, ge=256, le=65536, description="Address space limit of a rendering process."
    )

    office_converter: str = Field(
        "",
        description="Command that turns {source} into {folder}/file.pdf (empty: office files are cards).",
    )

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, text: str) -> str:
        place = urlsplit(text)
        is_here = place.hostname in {"localhost", "127.0.0.1", "::1"}
        if place.scheme != "https" and not (place.scheme == "http" and is_here):
            raise ValueError("off this machine the address must begin with https://")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, text: str) -> str:
        for network in read_networks(text):
            if network.prefixlen == 0:
                raise ValueError(
                    "to trust every address lets every visitor choose theirs: name the proxies"
                )
        return text


#: The variable that marks every process of a local stack, so that none is left behind.
STACK_MARK = "VITRINE_STACK"
#: What the local stack leaves in its home for every other process: keys, then addresses.
KEYS_FILE, STACK_FILE = "keys.env", "stack.env"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once per process.

    The keys and addresses of the local stack lie in its home; `.env` wins over them, and a variable
    of the environment wins over both.
    """
    home = Path(os.environ.get("VITRINE_HOME", ".vitrine"))
    return Settings(_env_file=(home / KEYS_FILE, home / STACK_FILE, ".env"))


def read_operator_settings() -> Settings:
    """Read what the operator set, without what an earlier local stack left behind."""
    return Settings(_env_file=(".env",))


def inherit_environment(names: frozenset[str]) -> dict[str, str]:
    """Take these variables, and those of Vitrine, from the environment of this process."""
    kept = {name: value for name, value in os.environ.items() if name in names}
    ours = {n: v for n, v in os.environ.items() if n.startswith("VITRINE_")}
    return {**kept, **ours}
