"""Servers from Debian's packages: installed where they are missing, and never started by that."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from embedded.wordpress.packages import apt_alone

POLICY = Path("/usr/sbin/policy-rc.d")


class PackageMissing(Exception):
    """It is not here and can't be installed; the message is the reason for a skip."""


def ensure_installed(package, program):
    """Install a package when its ``program`` is missing and we are root.

    Raises:
        PackageMissing: it is neither installed nor installable.
    """
    if program.exists():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise PackageMissing(f"{package} is not installed, and only root can install it")
    with apt_alone():
        if not program.exists():
            _install(package, program)


def _install(package, program):
    install = ["install", "-y", "--no-install-recommends", package]
    with no_daemons():
        for words in (["update", "-qq"], install):
            done = subprocess.run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=120", *words],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                check=False,
            )
    if done.returncode or not program.exists():
        raise PackageMissing(f"apt-get can't install {package}: {done.stderr[-300:]}")


@contextmanager
def no_daemons():
    """Keep Debian's packages from starting their services while they are installed."""
    if POLICY.exists():  # a machine with a rule of its own keeps it
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
