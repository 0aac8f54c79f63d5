"""Markdown with extensions from a file, reStructuredText, messages found in source; msgpack."""

import io
from pathlib import Path

import markdown
import msgpack
from babel.messages.extract import extract
from docutils.core import publish_string
from watchdog.utils import load_class

if __name__ == "__main__":
    names = [line.strip("- \n") for line in Path("extensions.yml").read_text().splitlines()[1:]]
    page = markdown.markdown("a | b\n--|--\n1 | 2\n", extensions=names)
    assert "<table>" in page
    source = "Über\n====\n\n.. hinweis:: da\n"
    german = {"language_code": "de"}
    assert b"Hinweis" in publish_string(source, writer_name="html5", settings_overrides=german)
    assert "hello" in str(list(extract("python", io.BytesIO(b"_('hello')"))))
    assert load_class("watchdog.tricks.Trick")
    assert msgpack.unpackb(msgpack.packb({"a": [1, None]})) == {"a": [1, None]}
    assert msgpack.Timestamp.from_unix(1).seconds == 1
