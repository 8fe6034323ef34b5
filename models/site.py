"""Site: an address a customer owns, and the one place its WordPress key is kept (S19–S25, C1)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.account import Account
from models.base import Base, created_now
from models.encryption import SecretDamaged, digest, masked, seal, unseal


class Site(Base):
    """An address. The legacy columns wp_url, wp_username and wp_app_password are left out (S24)."""

    __tablename__ = "sites"
    __table_args__ = (UniqueConstraint("account_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str]
    url: Mapped[str]
    """The normalised origin and path, without a slash at the end."""

    hosting_type: Mapped[str] = mapped_column(default="wordpress")
    _sealed_key: Mapped[str | None] = mapped_column("wp_api_key", Text)
    wp_api_key_digest: Mapped[str | None] = mapped_column(unique=True)

    # A rotation: the next key is proved on both sides before the switch, the old one goes on
    # being accepted for a while after it.
    _sealed_next_key: Mapped[str | None] = mapped_column("next_api_key", Text)
    next_api_key_digest: Mapped[str | None] = mapped_column(unique=True, index=True)
    previous_api_key_digest: Mapped[str | None] = mapped_column(unique=True, index=True)
    previous_api_key_until: Mapped[datetime | None]

    _sealed_webhook_secret: Mapped[str | None] = mapped_column("webhook_secret", Text)
    require_signature: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Set once its plugin signs: then an unsigned webhook is refused (C3)."""

    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[created_now]

    account: Mapped[Account] = relationship()

    @property
    def wp_api_key(self) -> str | None:
        """The key in clear, because we must send it; encrypted at rest, together with our id.

        Raises:
            SecretDamaged: what is stored here was not stored for this site.
        """
        return self._unsealed(self._sealed_key)

    @wp_api_key.setter
    def wp_api_key(self, key: str | None) -> None:
        self._sealed_key = None if key is None else seal(key, self._owner)

    @property
    def _owner(self) -> str:
        if self.id is None:
            raise ValueError("a site gets its key when it has its id: flush it first")
        return f"site {self.id}"

    @property
    def next_api_key(self) -> str | None:
        """The key of a rotation that has not switched yet; raises like `wp_api_key`."""
        return self._unsealed(self._sealed_next_key)

    @next_api_key.setter
    def next_api_key(self, key: str | None) -> None:
        self._sealed_next_key = None if key is None else seal(key, self._owner)
        self.next_api_key_digest = None if key is None else digest(key)

    @property
    def webhook_secret(self) -> str | None:
        """What its plugin signs webhooks with; raises like `wp_api_key`."""
        return self._unsealed(self._sealed_webhook_secret)

    @webhook_secret.setter
    def webhook_secret(self, secret: str | None) -> None:
        self._sealed_webhook_secret = None if secret is None else seal(secret, self._owner)

    def _unsealed(self, stored: str | None) -> str | None:
        return None if stored is None else unseal(stored, self._owner)

    def set_key(self, key: str) -> None:
        """Store the key and the keyed hash that finds this site when the key comes in.

        The site must have its id.
        """
        self.wp_api_key = key
        self.wp_api_key_digest = digest(key)

    @property
    def masked_key(self) -> str | None:
        try:
            return masked(self.wp_api_key) if self.wp_api_key else None
        except SecretDamaged:
            return "unreadable"
