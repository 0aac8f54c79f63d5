"""Counts the words of each page, and writes the count and the build's time zone below it."""

import time

from mkdocs.config import config_options
from mkdocs.plugins import BasePlugin


class WordsPlugin(BasePlugin):
    config_scheme = (("label", config_options.Type(str, default="words")),)

    def on_page_content(self, html, page, config, files):
        count = len(page.markdown.split())
        return f"{html}<p class=words>{count} {self.config['label']}, {time.tzname[0]}</p>"
