"""Who has gone is forgotten after two minutes, and sooner where much is left behind."""

from types import SimpleNamespace

from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from app.forgetting import _expire


class Session:
    """Gone, as Streamlit's own is: its files go with it."""

    def __init__(self, name, files):
        self.id, self._files, self.itself = name, files, self

    def __del__(self):
        self._files.remove_session_files(self.id)


def left_behind(sizes, seconds=120):
    """Return a server whose visitors have gone, each after an upload of a size."""
    files = MemoryUploadedFileManager("/upload")
    storage = MemorySessionStorage(ttl_seconds=seconds)
    for name, size in sizes.items():
        files.add_file(name, UploadedFileRec("f", "a.jpg", "image/jpeg", bytes(size)))
        storage.save(SimpleNamespace(session=Session(name, files)))
    manager = SimpleNamespace(_session_storage=storage)
    return SimpleNamespace(_session_mgr=manager, _uploaded_file_mgr=files)


def test_who_may_come_back_is_kept():
    runtime = left_behind({"one": 10, "two": 10})
    _expire(runtime, 20)
    assert list(runtime._uploaded_file_mgr.file_storage) == ["one", "two"]


def test_after_their_time_nothing_is_left_though_nobody_comes():
    runtime = left_behind({"one": 10, "two": 10}, seconds=0)
    assert len(runtime._uploaded_file_mgr.file_storage) >= 1
    _expire(runtime, 100)
    assert not runtime._uploaded_file_mgr.file_storage
    assert not runtime._session_mgr._session_storage.list()


def test_who_went_first_is_forgotten_first_where_too_much_is_left():
    runtime = left_behind({"one": 10, "two": 15, "three": 5})
    _expire(runtime, 20)
    assert list(runtime._uploaded_file_mgr.file_storage) == ["two", "three"]
