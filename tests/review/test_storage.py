"""The image store: content-addressed, whole or not at all, private."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.errors import NotFound
from review.storage import LocalImageStore


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200))
def test_what_is_put_comes_back_under_its_sha256(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = LocalImageStore(tmp_path_factory.mktemp("store"))
    key = store.put(data)
    assert key == hashlib.sha256(data).hexdigest()
    assert store.put(data) == key
    assert store.get(key) == data
    assert store.exists(key)
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    with pytest.raises(NotFound, match=key):
        store.get(key)


def test_the_same_bytes_again_leave_the_file_as_it_is(tmp_path: Path) -> None:
    store = LocalImageStore(tmp_path)
    path = store.path(store.put(b"a photo"))
    os.utime(path, ns=(1, 1))
    before = path.stat()
    store.put(b"a photo")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" * 64])
def test_only_sha256_keys_name_files(tmp_path: Path, key: str) -> None:
    store = LocalImageStore(tmp_path)
    assert not store.exists(key)
    with pytest.raises(NotFound):
        store.path(key)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("disk full")

    store = LocalImageStore(tmp_path)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        store.put(b"a photo")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_others_cannot_look(tmp_path: Path) -> None:
    store = LocalImageStore(tmp_path / "images")
    key = store.put(b"a photo")
    assert (tmp_path / "images").stat().st_mode & 0o077 == 0
    assert store.path(key).stat().st_mode & 0o077 == 0


def test_a_folder_that_an_operator_made_keeps_its_mode_and_hides_the_photos(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    store = LocalImageStore(tmp_path)
    key = store.put(b"a photo")
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert store.path(key).stat().st_mode & 0o077 == 0
