"""Pillow: every common format written and read, text drawn, features asked for."""

import io

from PIL import Image, ImageDraw, ImageFilter, features

if __name__ == "__main__":
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "PDF"):
        buffer = io.BytesIO()
        image = Image.new("RGB", (9, 9)).filter(ImageFilter.BLUR)
        ImageDraw.Draw(image).text((0, 0), "x")
        image.save(buffer, kind)
        if kind != "PDF":
            Image.open(io.BytesIO(buffer.getvalue())).load()
    features.check("webp")
    features.version("freetype2")
