"""No file names a package registry: where packages come from is each machine's own setting."""

import re
import shutil
import subprocess
import sys
from functools import cache
from urllib.parse import urlsplit

from project_tree import ROOT, files, relative

# Each tool's own words for where it gets its packages from, its built-in default included.
QUESTIONS = [
    [sys.executable, "-m", "pip", "config", "list"],
    [sys.executable, "-m", "pip", "download", "--help"],
    ["npm", "config", "get", "registry"],
    ["apt-get", "indextargets", "--format", "$(SITE)"],
]


@cache
def registry_hosts():
    answers = [ask(question) for question in QUESTIONS if shutil.which(question[0])]
    found = {
        urlsplit(url).hostname for url in re.findall(r"https?://[^\s'\")]+", " ".join(answers))
    }
    return {host for host in found if host and "." in host and not host[0].isdigit()}


def ask(question):
    # Not from the project's folder: a setting of its own would hide the machine's.
    done = subprocess.run(question, cwd="/", capture_output=True, text=True, check=False)
    return done.stdout


def test_the_tools_name_a_host():
    assert registry_hosts()


def test_no_file_names_a_registry():
    hosts = [host.encode() for host in registry_hosts()]
    named = {
        str(relative(path))
        for path in files()
        for host in hosts
        if host in path.read_bytes().lower()
    }

    assert named == set(), f"in {ROOT}"
