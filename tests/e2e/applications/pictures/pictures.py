"""Pictures in many formats, XML in many encodings."""

import gzip
import io
import json
import os

import bottle
from lxml import etree, html, objectify
from lxml.builder import E
from lxml.isoschematron import Schematron
from PIL import (
    Image,
    ImageCms,
    ImageDraw,
    ImageFilter,
    ImageFont,
    ImageOps,
    ImageSequence,
    features,
)

app = bottle.Bottle()


@app.get("/health")
def health():
    return "ok"


@app.get("/features")
def known():
    return {name: features.check(name) for name in features.get_supported()}


@app.get("/formats")
def formats():
    Image.init()
    return {"read": sorted(Image.OPEN), "write": sorted(Image.SAVE)}


def drawn():
    image = Image.new("RGB", (120, 60), "navy")
    draw = ImageDraw.Draw(image)
    draw.ellipse((10, 10, 50, 50), fill="orange")
    draw.text((55, 20), "Grüße", font=ImageFont.load_default(14), fill="white")
    return image.filter(ImageFilter.GaussianBlur(1))


@app.get("/draw/<kind>")
def draw(kind):
    image = drawn()
    stream = io.BytesIO()
    if kind == "GIF":
        frames = [image.rotate(angle).quantize() for angle in (0, 90, 180)]
        frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=100)
    elif kind == "TIFF":
        image.save(stream, kind, compression="tiff_lzw")
    else:
        image.save(stream, kind)
    bottle.response.content_type = Image.MIME.get(kind, "application/octet-stream")
    return stream.getvalue()


@app.post("/thumbnail")
def thumbnail():
    image = Image.open(bottle.request.files["picture"].file)
    frames = sum(1 for _ in ImageSequence.Iterator(image))
    small = ImageOps.exif_transpose(image.convert("RGB"))
    profile = ImageCms.createProfile("sRGB")
    small = ImageCms.profileToProfile(
        small, profile, ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    small.thumbnail((16, 16))
    return {"format": image.format, "frames": frames, "size": small.size, "mode": small.mode}


@app.post("/xml/<encoding>")
def recode(encoding):
    tree = etree.fromstring(bottle.request.body.read())
    bottle.response.content_type = "application/xml"
    return etree.tostring(tree, encoding=encoding, xml_declaration=True, pretty_print=True)


STYLE = etree.XSLT(
    etree.XML("""
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/"><ul><xsl:for-each select="//item"><xsl:sort select="."/>
    <li><xsl:value-of select="."/></li></xsl:for-each></ul></xsl:template>
</xsl:stylesheet>""")
)
SCHEMA = etree.XMLSchema(
    etree.XML("""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="list"><xs:complexType>
  <xs:sequence><xs:element name="item" type="xs:string" maxOccurs="unbounded"/></xs:sequence>
</xs:complexType></xs:element></xs:schema>""")
)
RELAX = etree.RelaxNG(
    etree.XML("""
<element name="list" xmlns="http://relaxng.org/ns/structure/1.0">
  <oneOrMore><element name="item"><text/></element></oneOrMore></element>""")
)
RULES = Schematron(
    etree.XML("""
<schema xmlns="http://purl.oclc.org/dsdl/schematron"><pattern id="few">
  <rule context="list"><assert test="count(item) &lt; 5">too many</assert></rule>
</pattern></schema>""")
)


@app.post("/items")
def items():
    try:
        tree = etree.fromstring(bottle.request.body.read())
    except etree.XMLSyntaxError as error:
        raise bottle.HTTPError(400, str(error)) from error
    checks = {"schema": SCHEMA(tree), "relax": RELAX(tree), "rules": RULES.validate(tree)}
    first = objectify.fromstring(etree.tostring(tree)).item[0].text
    return {**checks, "html": str(STYLE(tree)), "first": first}


@app.post("/links")
def links():
    page = html.fromstring(bottle.request.body.read())
    page.make_links_absolute("https://site.example/")
    found = [a.get("href") for a in page.xpath("//a[@href]")]
    return {"links": found, "text": page.text_content().strip()}


@app.get("/feed")
def feed():
    entries = [E.entry(E.title(f"Nr. {n}")) for n in range(3)]
    text = etree.tostring(E.feed(*entries), encoding="utf-8")
    bottle.response.set_header("Content-Encoding", "gzip")
    return gzip.compress(text)


@app.get("/page/<name>")
def page(name):
    return bottle.template(
        "<h1>Hello {{name}}</h1>\n%for n in range(2):\n<p>{{n}}</p>\n%end\n", name=name
    )


@app.get("/static/<path:path>")
def static(path):
    return bottle.static_file(path, root=os.path.join(os.path.dirname(__file__), "static"))


@app.get("/fail")
def fail():
    return json.dumps({}["on purpose"])


@app.error(404)
def not_found(error):
    return f"<h1>{error.status}</h1>"
