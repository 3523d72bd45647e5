"""Settings of consultation: variables that begin with TIDLIG_CONSULTATION_."""

from base64 import urlsafe_b64decode
from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Settings(BaseSettings):
    """Where consultation listens, its surroundings, and the key that seals scorecards.

    `sealing_key` is 32 random bytes in base64url. Whoever has it and the database can
    read scorecards before both are opened; who loses it loses those that are sealed.
    """

    model_config = SettingsConfigDict(env_prefix="TIDLIG_CONSULTATION_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8103
    sealing_key: SecretStr
    # how often the leader looks for deadlines that have passed
    look_every: timedelta = timedelta(seconds=5)
    surroundings: Surroundings = Field(default_factory=Surroundings)

    @property
    def sealing_bytes(self) -> bytes:
        return urlsafe_b64decode(self.sealing_key.get_secret_value())
