"""What a stack makes for itself: once, whole, and readable by us alone."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from embedded.errors import CannotStart
from embedded.secrets import flower_credentials, make_data_dir, make_secret_key
from settings import Settings


@pytest.fixture
def known(environment, tmp_path):
    environment.delenv("IGNY8_SECRET_KEYS")
    return Settings(_env_file=None, IGNY8_DATA_DIR=tmp_path / "deep" / "var")


@pytest.fixture
def wide_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_new_stack_gets_a_key_that_encrypts(known, wide_umask):
    path = make_secret_key(known)

    assert Fernet(path.read_text().strip()).encrypt(b"text")
    assert path.stat().st_mode & 0o777 == 0o600
    assert known.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_key_that_is_there_stays(known):
    before = make_secret_key(known).read_text()

    assert make_secret_key(known).read_text() == before
    assert [path.name for path in known.data_dir.iterdir()] == ["secret.key"]


def test_given_keys_need_no_file(known):
    given = known.model_copy(update={"secret_keys": ("given",)})

    assert make_secret_key(given) is None
    assert list(known.data_dir.iterdir()) == []


def test_many_that_start_at_once_agree_on_one_key(known):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_secret_key(known).read_text(), range(32)))

    assert len(set(made)) == 1
    assert [path.name for path in known.data_dir.iterdir()] == ["secret.key"]


def test_flowers_password_is_made_once(known, wide_umask):
    first = flower_credentials(known)

    assert first.startswith("igny8:")
    assert len(first) > 24
    assert flower_credentials(known) == first
    assert (known.data_dir / "flower.auth").stat().st_mode & 0o777 == 0o600


def test_a_given_password_is_used_and_not_written(environment, tmp_path):
    environment.setenv("FLOWER_BASIC_AUTH", "me:word")
    known = Settings(_env_file=None, IGNY8_DATA_DIR=tmp_path)

    assert flower_credentials(known) == "me:word"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_under_a_file_is_said_with_its_variable(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="set IGNY8_DATA_DIR"):
        make_data_dir(tmp_path / "file" / "var")
