"""Everything a deployment can change. The only reader of the environment (and of `.env`)."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent

VISIBILITY_TIMEOUT = 3600.0
"""Seconds after which a Redis broker gives an unfinished message to another worker."""

BROKER_SCHEMES = frozenset(
    {"redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "pyamqp", "memory"}
)


class Settings(BaseSettings):
    """Values and defaults; `.env.example` lists them all (a test keeps the two equal).

    Times are seconds, sizes are bytes.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(ROOT / "var", alias="IGNY8_DATA_DIR")
    database_url: str = Field("", alias="DATABASE_URL")
    redis_url: str = Field("", alias="REDIS_URL")
    broker_url: str = Field("", alias="CELERY_BROKER_URL")
    broker_port: int = Field(6390, alias="IGNY8_BROKER_PORT", ge=1, le=65535)
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field((), alias="IGNY8_SECRET_KEYS")

    host: str = Field("127.0.0.1", alias="HOST")
    port: int = Field(8000, alias="PORT", ge=1, le=65535)
    flower_port: int = Field(5555, alias="FLOWER_PORT", ge=1, le=65535)
    flower_basic_auth: SecretStr = Field(SecretStr(""), alias="FLOWER_BASIC_AUTH")
    public_base_url: str = Field("", alias="IGNY8_PUBLIC_BASE_URL")

    proxy_hops: int = Field(0, alias="IGNY8_PROXY_HOPS", ge=0, le=10)
    limit_token: int = Field(6000, alias="IGNY8_LIMIT_TOKEN", ge=0)
    limit_site: int = Field(600, alias="IGNY8_LIMIT_SITE", ge=0)
    limit_refused: int = Field(10, alias="IGNY8_LIMIT_REFUSED", ge=0)
    limit_onboarding: int = Field(10, alias="IGNY8_LIMIT_ONBOARDING", ge=0)

    publish_concurrency: int = Field(32, alias="IGNY8_PUBLISH_CONCURRENCY", ge=1, le=512)
    media_concurrency: int = Field(1, alias="IGNY8_MEDIA_CONCURRENCY", ge=1, le=64)
    batch_size: int = Field(20, alias="IGNY8_BATCH_SIZE", ge=1, le=20)
    requests_per_site: int = Field(2, alias="IGNY8_REQUESTS_PER_SITE", ge=1, le=32)
    tick: float = Field(5.0, alias="IGNY8_TICK", gt=0)
    lease: float = Field(180.0, alias="IGNY8_LEASE", gt=0)
    pulse: float = Field(30.0, alias="IGNY8_PULSE", gt=0)

    max_attempts: int = Field(3, alias="IGNY8_MAX_ATTEMPTS", ge=1, le=20)
    retry_first_delay: float = Field(60.0, alias="IGNY8_RETRY_FIRST_DELAY", gt=0)
    retry_longest_delay: float = Field(3600.0, alias="IGNY8_RETRY_LONGEST_DELAY", gt=0)
    breaker_failures: int = Field(5, alias="IGNY8_BREAKER_FAILURES", ge=1)
    breaker_pause: float = Field(60.0, alias="IGNY8_BREAKER_PAUSE", gt=0)

    connect_timeout: float = Field(5.0, alias="IGNY8_CONNECT_TIMEOUT", gt=0)
    read_timeout: float = Field(30.0, alias="IGNY8_READ_TIMEOUT", gt=0)
    total_timeout: float = Field(45.0, alias="IGNY8_TOTAL_TIMEOUT", gt=0)
    allowed_private_hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), alias="IGNY8_ALLOWED_PRIVATE_HOSTS"
    )

    max_content_bytes: int = Field(2 * 1024 * 1024, alias="IGNY8_MAX_CONTENT_BYTES", ge=1024)
    max_image_bytes: int = Field(15 * 1024 * 1024, alias="IGNY8_MAX_IMAGE_BYTES", ge=1024)
    max_image_pixels: int = Field(40_000_000, alias="IGNY8_MAX_IMAGE_PIXELS", ge=1)
    keep_history_days: int = Field(90, alias="IGNY8_KEEP_HISTORY_DAYS", ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("allowed_private_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return frozenset(host.strip().lower() for host in value.split(",") if host.strip())

    @model_validator(mode="after")
    def _fill_embedded(self) -> Self:
        self.database_url = _database_url(self.database_url, self.data_dir)
        self.broker_url = self.broker_url or self.redis_url or self.embedded_broker_url
        if faults := list(self._contradictions()):
            raise ValueError("\n".join(faults))
        return self

    def _contradictions(self) -> Iterator[str]:
        """Yield a line for every value that another one makes senseless."""
        lease, total = self.lease, self.total_timeout
        if lease <= total:
            yield (
                f"IGNY8_LEASE ({lease:g} s) must be longer than IGNY8_TOTAL_TIMEOUT "
                f"({total:g} s): else a request outlives its lease"
            )
        if lease >= VISIBILITY_TIMEOUT:
            yield (
                f"IGNY8_LEASE ({lease:g} s) must be shorter than the {VISIBILITY_TIMEOUT:g} s "
                "after which the broker gives an unfinished message to another worker"
            )
        if self.tick >= lease:
            yield (
                f"IGNY8_TICK ({self.tick:g} s) must be shorter than IGNY8_LEASE ({lease:g} s): "
                "else lost work waits for longer than its lease"
            )
        if self.connect_timeout + self.read_timeout > total:
            yield (
                f"IGNY8_CONNECT_TIMEOUT and IGNY8_READ_TIMEOUT ({self.connect_timeout:g} and "
                f"{self.read_timeout:g} s) must fit into IGNY8_TOTAL_TIMEOUT ({total:g} s)"
            )
        if self.retry_first_delay > self.retry_longest_delay:
            yield "IGNY8_RETRY_FIRST_DELAY must not be longer than IGNY8_RETRY_LONGEST_DELAY"
        scheme = self.broker_url.partition("://")[0]
        if scheme not in BROKER_SCHEMES:
            yield (
                "CELERY_BROKER_URL or REDIS_URL must begin with redis://, rediss:// or amqp://: "
                "no broker is known by any other"
            )

    @property
    def embedded_broker_url(self) -> str:
        return f"redis://127.0.0.1:{self.broker_port}/0"

    @property
    def uses_embedded_broker(self) -> bool:
        return self.broker_url == self.embedded_broker_url

    @property
    def base_url(self) -> str:
        return (self.public_base_url or f"http://{self.host}:{self.port}").rstrip("/")


def _database_url(url: str, data_dir: Path) -> str:
    """Return a SQLAlchemy URL; platforms hand out `postgres://`, which names no driver."""
    if not url:
        return f"sqlite:///{data_dir.resolve() / 'igny8.db'}"
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


@cache
def current() -> Settings:
    """Return the process's settings, read once."""
    return Settings()


def current_or_exit() -> Settings:
    """Return the settings for a process that can't do without.

    Raises:
        SystemExit: they can't be used; its text has a line for each fault.
    """
    try:
        return current()
    except ValidationError as error:
        raise refusal(fault_lines(error)) from None


def refusal(faults: Iterable[str]) -> SystemExit:
    """Return the end of a process that must not start."""
    return SystemExit("\n".join(f"refusing to start: {fault}" for fault in faults))


def fault_lines(error: ValidationError) -> list[str]:
    """Return a line for everything that is wrong with the settings, without their values.

    A key that was given wrongly must not be shown.
    """
    lines: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        name = ".".join(map(str, fault["loc"]))
        words = fault["msg"].removeprefix("Value error, ").splitlines()
        lines += [f"{name}: {word}" if name else word for word in words]
    return lines
