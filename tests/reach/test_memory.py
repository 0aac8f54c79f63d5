"""What is remembered between runs, for each archive."""

import pytest
from msgspec.msgpack import Decoder

from distil.reach.memory import Memory

DECODER = Decoder(dict[str, list[str]])


class Documents(dict):
    def document(self, area, key):
        return self.get(key)

    def put_document(self, area, key, data):
        self[key] = data


def test_what_is_saved_is_known_later_and_files_of_no_archive_are_not():
    documents = Documents()
    first = Memory(documents, "form-1", DECODER)
    first.put("archive", "a", ["x"])
    first.put("", "a", ["y"])
    assert (first.get("archive", "a"), first.get("", "a")) == (["x"], ["y"])
    first.save()
    assert documents.keys() == {"form-1-archive"}
    second = Memory(documents, "form-1", DECODER)
    assert (second.get("archive", "a"), second.get("", "a")) == (["x"], None)
    assert Memory(documents, "form-2", DECODER).get("archive", "a") is None
    assert Memory(None, "form-1", DECODER).get("archive", "a") is None


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x81\xa1a\xc0", b"\x81\xa1\xff\x90"])
def test_a_document_that_cannot_be_decoded_counts_as_none_and_is_written_anew(damage):
    documents = Documents({"f-archive": damage})
    memory = Memory(documents, "f", DECODER)
    assert memory.get("archive", "a") is None
    memory.put("archive", "a", [])
    memory.save()
    assert Memory(documents, "f", DECODER).get("archive", "a") == []
