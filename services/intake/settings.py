"""Settings of intake: variables that begin with TIDLIG_INTAKE_."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Settings(BaseSettings):
    """Where intake listens, its surroundings, and whom it asks where a fact waits.

    `services` are URLs by the name of a service, as JSON.
    """

    model_config = SettingsConfigDict(env_prefix="TIDLIG_INTAKE_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8101
    services: dict[str, str] = Field(default_factory=dict)
    surroundings: Surroundings = Field(default_factory=Surroundings)
