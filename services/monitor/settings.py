"""Settings of the monitor: variables that begin with TIDLIG_MONITOR_."""

from datetime import timedelta

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Asking(BaseSettings):
    """How it asks. Durations are written as in ISO 8601: PT10S.

    `ask_limit` bounds each of the two rounds of questions of a cycle, `read_budget`
    the reading of oldest records after them.
    """

    model_config = SettingsConfigDict(env_prefix="TIDLIG_MONITOR_", frozen=True)

    cluster_name: str = "tidlig"
    interval: timedelta = Field(timedelta(seconds=10), gt=timedelta(0))
    ask_limit: timedelta = Field(timedelta(seconds=5), gt=timedelta(0))
    read_budget: timedelta = Field(timedelta(seconds=1), ge=timedelta(0))


class Settings(Asking):
    """For `serve`: where it listens, and its surroundings."""

    host: str = "127.0.0.1"
    port: PositiveInt = 8105
    surroundings: Surroundings = Field(default_factory=Surroundings)


class Sources(BaseSettings):
    """Kafka and Postgres by the same names as for every service; nobody's tokens."""

    model_config = SettingsConfigDict(
        env_prefix="TIDLIG_", frozen=True, populate_by_name=True
    )

    kafka_bootstrap: str = "127.0.0.1:9092"
    database_url: SecretStr = Field(
        SecretStr("postgresql://127.0.0.1:5432/tidlig"), validation_alias="DATABASE_URL"
    )

    @property
    def postgres(self) -> str:
        return self.database_url.get_secret_value()


class LagSettings(Asking):
    """For `lag`: a command has nobody to let in, so it needs no issuer of tokens."""

    sources: Sources = Field(default_factory=Sources)
