"""Every table, imported here so that Alembic and relationships see them all."""

from models.account import Account, ApiToken, Role, User
from models.base import Base
from models.bulk_job import BulkItem, BulkItemState, BulkJob, BulkState
from models.capability import Capability
from models.content import Content, ContentStatus, Revision, Term, TermType, content_terms
from models.counters import SyncCounter, Watermark
from models.history import Attempt, EventStatus, Heartbeat, Run, SyncEvent
from models.idempotency import IdempotencyKey
from models.image import Image, ImageFile
from models.inbox_message import InboxMessage, InboxState
from models.installation import Installation, InstallationStatus
from models.integration import Integration
from models.kept_key import KeptKey
from models.publication import WAITING, Batch, Publication, PublicationState
from models.publishing_settings import PublishingSettings
from models.schedule_entry import EntrySource, EntryState, ScheduleEntry
from models.site import Site
from models.site_run import SiteRun, SiteRunKind, SiteRunState
from models.sites.census import CensusFinding
from models.structure import SiteStructure

__all__ = [
    "WAITING",
    "Account",
    "ApiToken",
    "Attempt",
    "Base",
    "Batch",
    "BulkItem",
    "BulkItemState",
    "BulkJob",
    "BulkState",
    "Capability",
    "CensusFinding",
    "Content",
    "ContentStatus",
    "EntrySource",
    "EntryState",
    "EventStatus",
    "Heartbeat",
    "IdempotencyKey",
    "Image",
    "ImageFile",
    "InboxMessage",
    "InboxState",
    "Installation",
    "InstallationStatus",
    "Integration",
    "KeptKey",
    "Publication",
    "PublicationState",
    "PublishingSettings",
    "Revision",
    "Role",
    "Run",
    "ScheduleEntry",
    "Site",
    "SiteRun",
    "SiteRunKind",
    "SiteRunState",
    "SiteStructure",
    "SyncCounter",
    "SyncEvent",
    "Term",
    "TermType",
    "User",
    "Watermark",
    "content_terms",
]
