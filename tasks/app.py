"""The Celery application; nothing else makes one."""

from typing import Any

from celery import Celery, signals

from models.session import forget_connections
from tasks import expiry, startup
from tasks.heartbeat import note_beat_started
from tasks.logs import configure_logging
from tasks.open_files import allow_many
from tasks.transport import guard_redis

guard_redis()
app = Celery("igny8")
app.Task.Request = f"{expiry.__name__}:{expiry.TimedRequest.__name__}"
app.config_from_object("celeryconfig")


@signals.setup_logging.connect
def _own_logging(**_: Any) -> None:
    configure_logging()


@signals.before_task_publish.connect
def _tell_by_database(headers: dict[str, Any], **_: Any) -> None:
    expiry.tell_by_database(headers)


@signals.worker_process_init.connect
def _after_fork(**_: Any) -> None:
    forget_connections()  # a socket shared with the parent would mix their answers


@signals.worker_init.connect
def _make_room(**_: Any) -> None:
    allow_many()


@signals.worker_init.connect
@signals.beat_init.connect
def _check(**_: Any) -> None:
    configure_logging()  # Celery's own set-up comes later
    startup.refuse_if(startup.faults_of_worker(app))


@signals.beat_init.connect
def _note_start(**_: Any) -> None:
    note_beat_started()
