"""The one table of periodic work. Each entry may run twice, late, or not at all, without harm."""

from typing import Any

import settings
from pipeline.census import TICK as CENSUS_TICK
from pipeline.looking import FIRST_LOOK

_tick, _pulse = settings.current().tick, settings.current().pulse


def _every(seconds: float, task: str, **options: Any) -> dict[str, Any]:
    # A tick that waited for longer than its interval is dropped: the next one does its work.
    # Without that they pile up while the workers are away.
    options["expires"] = max(seconds, 1.0)
    return {"task": task, "schedule": seconds, "options": options}


def _pulse_of(queue: str) -> dict[str, Any]:
    return {**_every(_pulse, "pulse", queue=queue), "args": (queue,)}


beat_schedule = {
    # Starts what is due: retries, and what was accepted while the broker was away.
    "dispatch": _every(_tick, "dispatch"),
    # Gives back what a lost worker held; a third of the lease, so that it waits at most 4/3.
    "rescue": _every(max(_tick, settings.current().lease / 3), "rescue"),
    # Looks at suspended sites whose own pause has passed: their trouble may be over, and nobody
    # tells us. As often as the shortest pause.
    "look_at_sites": _every(FIRST_LOOK, "look_at_sites"),
    # Has a few sites compared with our rows, each once a day: what was lost or changed there
    # without a word to us is found so, and so is what slipped through everything else.
    "census_due": _every(CENSUS_TICK, "census_due"),
    # Reads what the sites told us and no ring was heard for; gives back what a lost worker held.
    "sweep_inbox": _every(_tick, "inbox.sweep"),
    # Starts tests and syncs of sites that no ring was heard for, and finds lost ones.
    "start_site_runs": _every(_tick, "start_site_runs"),
    # Accepts the next few contents of bulk jobs, as sites get room for them.
    "feed_bulk_jobs": _every(_tick, "feed_bulk_jobs"),
    # Has the structure of a few sites fetched, each once a day: what their plugin did not tell.
    "structure_due": _every(60.0, "structure_due"),
    # Takes replaced keys away when their time is over; they are not accepted after it anyway.
    "forget_old_keys": _every(600.0, "forget_old_keys"),
    # Accepts the publishes whose slot has come, and finds those that have missed theirs.
    "due_slots": _every(_tick, "due_slots"),
    # Puts approved contents into the schedule that no event has told of: every five minutes
    # (S61), where a tick has its usual length.
    "schedule_approved": _every(60 * _tick, "schedule_approved"),
    # Plans the sites where something has changed that moves slots.
    "plan_slots": _every(_tick, "plan_slots"),
    # Has every site with a queue planned once a day: the plan's end moves with the days.
    "plan_daily": _every(600.0, "plan_daily"),
    # Counts events by site and hour, so that no page counts a million of them.
    "roll_up_health": _every(60.0, "roll_up_health"),
    # Tells the sites whose plugin is older than the one that comes with this engine: they update
    # by hand, and nobody else tells them. Daily, because a release is nothing that hurries.
    "check_releases": _every(24 * 3600.0, "check_releases"),
    # Deletes old attempts, events, runs and batches.
    "prune": _every(24 * 3600.0, "prune"),
    # Show that somebody takes messages from each queue. A process that is there proves nothing:
    # after a crash of the broker a worker may live on and take no more.
    "pulse.publish": _pulse_of("publish"),
    "pulse.media": _pulse_of("media"),
    "pulse.webhooks": _pulse_of("webhooks"),
    "pulse.maintenance": _pulse_of("maintenance"),
}
