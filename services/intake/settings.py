"""Settings of intake: variables that begin with TIDLIG_INTAKE_."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Settings(BaseSettings):
    """Where intake listens, and its surroundings."""

    model_config = SettingsConfigDict(env_prefix="TIDLIG_INTAKE_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8101
    surroundings: Surroundings = Field(default_factory=Surroundings)
