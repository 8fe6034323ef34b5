"""Every table, imported here so that Alembic and relationships see them all."""

from models.account import Account, ApiToken
from models.base import Base
from models.census import CensusFinding
from models.content import Content, ContentStatus, Revision, Term, TermType, content_terms
from models.history import Attempt, EventStatus, Heartbeat, Run, SyncEvent
from models.image import Image, ImageFile
from models.integration import Integration
from models.publication import WAITING, Batch, Publication, PublicationState
from models.site import Site

__all__ = [
    "WAITING",
    "Account",
    "ApiToken",
    "Attempt",
    "Base",
    "Batch",
    "CensusFinding",
    "Content",
    "ContentStatus",
    "EventStatus",
    "Heartbeat",
    "Image",
    "ImageFile",
    "Integration",
    "Publication",
    "PublicationState",
    "Revision",
    "Run",
    "Site",
    "SyncEvent",
    "Term",
    "TermType",
    "content_terms",
]
