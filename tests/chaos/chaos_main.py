"""The whole table (`bin/chaos`): a process for each lane and database, as settings are its own."""

import argparse
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict
from pathlib import Path

import structlog
from chaos_run import play
from chaos_table import Result, collect, notes, slow_drains, summary, table
from chaos_world import BOUND, World

UNSET = -1

ROW_ENDS = 2400
"""Seconds after which a row counts as not zero: one that waits for itself would hold up the rest.

The longest take 1,000 s on two cores.
"""


def main(arguments=None):
    """Return the exit code: 0 when every row was run, and is zero."""
    # Else a terminated run leaves its servers' folders and mounts behind.
    signal.signal(signal.SIGTERM, end)
    options, rows = _options(arguments)
    if options.list:
        sys.stdout.writelines(f"{row.name}\n" for row in rows)
        return 0
    if options.database:  # a child of `play_all`
        play_here(rows, options.database, options.into, quick=options.quick, seed=options.seed)
        return 0
    seed = random.SystemRandom().randrange(10**6) if options.seed == UNSET else options.seed
    results = play_all(rows, quick=options.quick, seed=seed)
    told = (
        table(results),
        _left_out(rows, quick=options.quick),
        notes(results),
        slow_drains(results, BOUND),
    )
    last = f"seed {seed}\n{summary(results)}"
    sys.stdout.write("\n" + "\n\n".join(filter(None, (*told, last))) + "\n")
    return 0 if all(result.zero for result in results) else 1


def end(*_):
    """Clean up, once: a child is told by its group and by its parent."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def give_up(*_):
    """Leave the row whose time is up."""
    raise TimeoutError(f"it did not end within {ROW_ENDS} s")


def _options(arguments):
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form, some minutes")
    parser.add_argument("--row", action="append", help="only this row; may be repeated")
    parser.add_argument("--seed", type=int, default=UNSET, help="repeat a run")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--database", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    rows = collect()
    if unknown := set(options.row or ()) - {row.name for row in rows}:
        parser.error(f"no such row: {', '.join(sorted(unknown))} (see --list)")
    chosen = [row for row in rows if not options.row or row.name in options.row]
    if not any(row.on(quick=options.quick) for row in chosen):
        parser.error("only in the full form: leave --quick out")
    return options, chosen


def _left_out(rows, *, quick):
    """Say which rows this form does not have."""
    names = [row.name for row in rows if not row.on(quick=quick)]
    return f"Only in the full form: {'; '.join(names)}" if names else ""


def play_all(rows, *, quick, seed):
    """Play rows, each lane's and database's in a process of its own; return their results."""
    places = dict.fromkeys((row.lane, name) for row in rows for name in row.on(quick=quick))
    with tempfile.TemporaryDirectory(prefix="igny8-chaos-") as folder:
        children = []
        for lane, database in places:
            into = Path(folder) / f"{lane} {database}"
            into.touch()
            words = ["--database", database, "--into", str(into), "--seed", str(seed)]
            words += ["--quick"] if quick else []
            words += [word for row in rows if row.lane == lane for word in ("--row", row.name)]
            command = [sys.executable, "-m", "chaos_main", *words]
            # Under pytest these modules are found by sys.path, not by PYTHONPATH.
            env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            children.append((subprocess.Popen(command, env=env), into))
        try:
            results = [result for child, into in children for result in _results(child, into)]
        finally:
            for child, _ in children:
                child.terminate()
                child.wait()
    order = [row.name for row in rows]
    return sorted(results, key=lambda result: (order.index(result.name), result.database))


def _results(child, into):
    """Wait for a child, and return what it has written."""
    if code := child.wait():
        raise RuntimeError(f"the rows of {into.name} ended with {code}")
    return [Result(**json.loads(line)) for line in into.read_text().splitlines()]


def play_here(rows, database, into, *, quick, seed):
    """Play the rows of one lane and database here; write each result as a line of JSON."""
    # The callers' own log: that the broker is away is what the rows are about.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    signal.signal(signal.SIGALRM, give_up)
    with World(database) as world:
        for row in rows:
            if database in row.on(quick=quick):
                result = _told(row, world, quick, seed)
                with into.open("a") as file:
                    file.write(json.dumps(asdict(result)) + "\n")


def _told(row, world, quick, seed):
    """Play a row and say on stderr how it went."""
    began = time.monotonic()
    signal.alarm(ROW_ENDS)
    try:
        result = play(row, world, quick=quick, seed=seed)
    except Exception as error:  # noqa: BLE001 - the table goes on, and is not zero
        result = Result(row.name, world.database.name)
        told = "".join(traceback.format_exception(error, limit=-4, chain=False))
        result.broken.append(f"the row could not be played: {told}")
    finally:
        signal.alarm(0)
    verdict = (result.not_run and "not run") or ("zero" if result.zero else "NOT ZERO")
    took = time.monotonic() - began
    accepted = f"{result.meanwhile} of {result.accepted} accepted meanwhile"
    sys.stderr.write(f"{verdict:8} {took:5.1f} s  {row.name} ({world.database.name}): {accepted}\n")
    if not result.zero:
        sys.stderr.write(f"{result.problems()}\n")
    sys.stderr.flush()
    return result


if __name__ == "__main__":
    sys.exit(main())
