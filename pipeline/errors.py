"""
What can go wrong on the way to a site, sorted by what it means for the work.

* PublishError
  + TemporaryError          worth trying again; the site did nothing
    - RateLimited           ... no sooner than the site asked for: no attempt counted
      . PictureDelayed      ... said of a picture: its post waits, and goes without it some day
    - SiteUnreachable       there was no connection: the item had no part in it, no attempt counted
    - SiteBusy              another request works on this key: ask again soon, no attempt counted,
                            until it has been so for far longer than any request takes
    - SitePaused            we did not send it, to spare the site: no attempt counted
      . WindowClosed        ... its hours are over: it is planned anew
    - ContentRefused        a firewall takes this text or picture for an attack, and lets others in
  + UnclearOutcome          the site may have done it: ask what became of the key first
    - LookRefused           ... once it is repaired, for it refuses the question: suspend it
  + PermanentError          this item can't succeed until a person changes something
    - BuildFailed           ... and nothing was sent: a question that was open stays open
    - StaleWrite            a newer claim or revision is already there: drop ours, in silence
  + SiteAhead               the site has what our database does not know: ours goes above it
  + SiteError               the site or our key is the problem: suspend it, park its work
    - CredentialsRejected
    - BridgeMissing
    - BridgeTooOld
    - WriteRefused          ... since it met this item: an attempt of that one is counted

A task never inspects a status code: adapters translate, tasks ask what kind of error it is.
"""

from models.publishing.suspects import CONTENT_REFUSED


class PublishError(Exception):
    """Base of everything an adapter may raise. The message is for an operator."""

    code = "error"
    status_code: int | None = None

    def __init__(
        self, message: str, *, code: str | None = None, status_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.status_code = status_code


class TemporaryError(PublishError):
    """The site could not take it now, and did nothing."""

    code = "site_unavailable"


class RateLimited(TemporaryError):
    """The site asked us to slow down."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float | None, status_code: int = 429) -> None:
        super().__init__(message, status_code=status_code)
        self.retry_after = retry_after
        """Seconds; None: it did not say for how long."""


class PictureDelayed(RateLimited):
    """The site asked us to wait when it was sent a picture; of the post it said nothing."""


class SiteUnreachable(TemporaryError):
    """Nobody answered at the site's address; whatever we have for it waits."""

    code = "unreachable"


class SiteBusy(TemporaryError):
    """Another request is working on the same key, or picture, at this moment."""

    code = "in_progress"

    def __init__(self, message: str, *, retry_after: float = 2.0) -> None:
        super().__init__(message, status_code=409)
        self.retry_after = retry_after


class SitePaused(TemporaryError):
    """We leave the site alone for a while, and sent nothing."""

    code = "site_paused"

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds. 0: the site's own row says when it gets something again."""


class WindowClosed(SitePaused):
    """Its site's window closed before its turn; it gets another slot."""

    code = "window_closed"


class ContentRefused(TemporaryError):
    """Something in front of the site refuses this text or picture, and takes other writes."""

    code = CONTENT_REFUSED


class UnclearOutcome(PublishError):
    """We sent it and don't know what became of it."""

    code = "outcome_unclear"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, status_code=status_code)
        self.retry_after = retry_after


class LookRefused(UnclearOutcome):
    """We sent it, and the site or our key is the problem when we ask what became of it."""

    code = "site_error"


class PermanentError(PublishError):
    """The same request would fail the same way."""

    code = "rejected"


class BuildFailed(PermanentError):
    """A part of the payload can't be built; the site was not asked."""

    code = "build_failed"


class StaleWrite(PermanentError):
    """The site has seen a newer fence or revision than ours."""

    code = "stale"


class SiteAhead(PublishError):
    """The site has a newer revision or fence than was ever given out, as after a restored backup.

    Only said of a post under our key, by who holds its batch: whoever of ours sent something newer
    would have taken the batch over.
    """

    code = "site_ahead"

    def __init__(self, message: str, *, revision: int | None = 0, fence: int = 0) -> None:
        super().__init__(message)
        self.revision = revision
        """What the accepted text must go above; None: the revision it was sent with."""

        self.fence = fence


class SiteError(PublishError):
    """Nothing will go out to this site until somebody repairs it."""

    code = "site_error"


class CredentialsRejected(SiteError):
    """The site does not accept our key (S254)."""

    code = "credentials_rejected"


class BridgeMissing(SiteError):
    """The site answers, but our plugin does not."""

    code = "bridge_missing"


class BridgeTooOld(SiteError):
    """The plugin is older than publishing needs (C40)."""

    code = "upgrade_required"


class WriteRefused(SiteError):
    """A write was refused in front of WordPress, and so is any other now."""

    def __init__(self, site: SiteError, of_item: str) -> None:
        super().__init__(str(site), code=site.code, status_code=site.status_code)
        self.site = site
        """What it means for everything else that we have for the site."""

        self.of_item = of_item
        """Why the item fails when it meets this at each of its attempts, in words."""


def asks_to_wait(error: PublishError | None) -> bool:
    """Whether the site wants to be left alone for a while, whatever it did with the request."""
    if isinstance(error, UnclearOutcome):
        return error.retry_after is not None
    return isinstance(error, RateLimited | SiteBusy)


def of_picture(error: PublishError) -> PublishError:
    """Return what an upload's error means for the posts with that picture: none was sent yet."""
    if not isinstance(error, RateLimited | SiteBusy | UnclearOutcome) or not asks_to_wait(error):
        return error
    status = error.status_code or 0
    return PictureDelayed(str(error), retry_after=error.retry_after, status_code=status)


def still_open(error: PublishError) -> UnclearOutcome:
    """Return what a failed question means for the posts it was about: nothing new is known.

    However final the answer: what it refuses is the question, and never the posts.
    """
    if isinstance(error, SiteError):
        return LookRefused(str(error), code=error.code, status_code=error.status_code)
    waits = error.retry_after if isinstance(error, RateLimited) else None
    return UnclearOutcome(str(error), code=error.code, retry_after=waits)
