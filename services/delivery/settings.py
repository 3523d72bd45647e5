"""Settings of delivery: variables that begin with TIDLIG_DELIVERY_."""

from base64 import urlsafe_b64decode

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.settings import Surroundings


class Settings(BaseSettings):
    """Where delivery listens, its surroundings, and the key that seals cursors.

    `sealing_key` is 32 random bytes in base64url. Whoever has it can read how much
    others may read; losing it makes every cursor end with 400.
    """

    model_config = SettingsConfigDict(env_prefix="TIDLIG_DELIVERY_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8104
    sealing_key: SecretStr
    # requests a second that all readers without a token share
    public_rate: float = 50
    surroundings: Surroundings = Field(default_factory=Surroundings)

    @property
    def sealing_bytes(self) -> bytes:
        return urlsafe_b64decode(self.sealing_key.get_secret_value())
