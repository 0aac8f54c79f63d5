"""``!!text!!`` in capitals."""

from xml.etree.ElementTree import Element

from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor


class Shouted(InlineProcessor):
    def handleMatch(self, match, data):  # noqa: N802
        element = Element("strong")
        element.text = match[1].upper()
        return element, match.start(0), match.end(0)


class Shout(Extension):
    def extendMarkdown(self, md):  # noqa: N802
        md.inlinePatterns.register(Shouted(r"!!(.+?)!!", md), "shout", 175)
