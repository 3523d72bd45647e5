"""What every service is told of its surroundings, by the same names."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Surroundings(BaseSettings):
    """Kafka, Postgres and the issuer of tokens.

    `token_jwks` is the URL of the issuer's keys; `file:` serves in development.
    `instance` names this replica, the same after a restart: a consumer that was killed
    and comes back under it takes its partitions up again without a rebalance.
    """

    model_config = SettingsConfigDict(
        env_prefix="TIDLIG_", frozen=True, populate_by_name=True
    )

    kafka_bootstrap: str = "127.0.0.1:9092"
    database_url: SecretStr = Field(
        SecretStr("postgresql://127.0.0.1:5432/tidlig"), validation_alias="DATABASE_URL"
    )
    token_issuer: str
    token_jwks: str
    token_audience: str | None = None
    instance: str | None = None

    @property
    def postgres(self) -> str:
        return self.database_url.get_secret_value()
