"""Celery's own settings, each non-default with its reason. Periodic work is in beat_schedule.py."""

from kombu import Exchange, Queue

import settings

# First: whoever reads them now gets one line a fault, and no traceback.
_settings = settings.current_or_exit()

from beat_schedule import beat_schedule as beat_schedule  # noqa: E402, PLC0414 - for Celery to read

broker_url = _settings.broker_url
imports = (
    "tasks.publishing.dispatching",
    "tasks.publishing.links",
    "tasks.sites.releases",
    "tasks.maintenance",
    "tasks.sites.census",
    "tasks.inbox.gate",
    "tasks.sites.gate",
    "tasks.sites.health",
    "tasks.schedule.planning",
    "tasks.schedule.ticks",
    "tasks.bulk",
)

# JSON only: pickle lets whoever can write to the broker run code in our workers.
task_serializer = result_serializer = "json"
accept_content = result_accept_content = ["json"]

# State is in rows. A result store would be a second truth, grow without end, and its outage
# would stop the work; a chain over Redis results costs 1.4 times the CPU.
task_ignore_result = True

# A killed worker's message comes back; the row decides whether there is still anything to do.
task_acks_late = True
task_reject_on_worker_lost = True
# Without this a message that kills its worker comes back for ever (12 runs in 12 s).
task_retry_on_worker_lost = True

# Celery's own ends, again and again, at a message whose body is not of three parts.
worker_consumer = "tasks.consuming:Consumer"

# A slow site's batch must not hold messages that another thread could take.
worker_prefetch_multiplier = 1
# A child that decodes images grows; a new one is cheap.
worker_max_tasks_per_child = 500
# Prefork only (media): a picture that takes minutes to decode is an attack.
task_soft_time_limit, task_time_limit = 120, 150

# QUIT (or TERM under REMAP_SIGTERM=SIGQUIT): this long to finish, then unacked work goes back.
worker_soft_shutdown_timeout = 20.0
worker_enable_soft_shutdown_on_idle = True
# Cancelling a request in its middle would make its outcome unclear; a double run is harmless.
worker_cancel_long_running_tasks_on_connection_loss = False

broker_connection_retry_on_startup = True
# The default gives up after 100 tries, in silence.
broker_connection_max_retries = None
broker_connection_timeout = 4.0
broker_transport_options = (
    {
        # Longer than any task; our own waits are rows, never a countdown.
        "visibility_timeout": settings.VISIBILITY_TIMEOUT,
        # Else a killed worker's message is looked for only every 100 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Without socket_timeout a frozen broker hangs every publisher for ever.
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        # Two applications on one Redis must not see each other's queues.
        "global_keyprefix": "igny8:",
    }
    if broker_url.startswith(("redis", "unix", "socket"))
    # A publish that RabbitMQ did not confirm can vanish.
    else {"confirm_publish": True}
)
# One quick second try: fails in 0.3 s when the port is closed, instead of hanging the caller.
# (With retry off, kombu itself tries for 6 s on every call.)
task_publish_retry_policy = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}

# Decoding pictures has processes of its own. The others share the threads of a publish worker,
# which takes from their queues in turns: what sites tell doesn't wait behind a queue of batches.
task_default_queue = "maintenance"
task_routes = {
    "publish.prepare_pictures": {"queue": "media"},
    "publish.*": {"queue": "publish"},
    # Tests and structure wait for sites, too: on the threads that are there for it.
    "site.*": {"queue": "publish"},
    "inbox.*": {"queue": "webhooks"},
}
task_queues = [
    # Each its own exchange and key: with Celery's defaults all would get every message.
    Queue(name, Exchange(name), routing_key=name)
    for name in ("publish", "media", "webhooks", "maintenance")
]
# A misspelt queue name fails at once, instead of collecting messages that nobody reads.
task_create_missing_queues = False

# Flower shows what workers tell it. Arguments are ids; nothing secret is ever in a message.
worker_send_task_events = True
task_send_sent_event = True
# structlog owns the log's format.
worker_hijack_root_logger = False
worker_redirect_stdouts = False

# Slots are computed in each site's own zone; the house lives in UTC.
timezone = "UTC"
beat_max_loop_interval = 5
