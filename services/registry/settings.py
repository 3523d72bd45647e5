"""Settings of the registry: variables that begin with TIDLIG_REGISTRY_."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Settings(BaseSettings):
    """Where the registry listens, and its surroundings."""

    model_config = SettingsConfigDict(env_prefix="TIDLIG_REGISTRY_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8102
    # requests a second that all readers without a token share
    public_rate: float = 50
    surroundings: Surroundings = Field(default_factory=Surroundings)
