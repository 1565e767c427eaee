"""Writes the golden pictures of the picture contract. Expected colours come from LittleCMS, not from the code under test.

Run: python tests/golden/pictures/make_pictures.py   (needs Pillow and numpy; p3.icc lies beside it, CC0)
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 12, 8


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(samples: np.ndarray, profile: bytes | None = None) -> bytes:
    """A 16-bit PNG; Pillow writes none in colour."""
    height, width, channels = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if channels == 3 else 6, 0, 0, 0)
    icc = chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile)) if profile else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + icc + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def ink_profile() -> bytes:
    """A small CMYK profile (ICC v2, mft1): real inks are no pure cyan, magenta and yellow, so ignoring it is visible."""
    inks = np.array([[0.0, 0.55, 0.85], [0.85, 0.1, 0.5], [1.0, 0.9, 0.05], [0.12, 0.11, 0.1]])
    grid = 5
    lab = ImageCms.createProfile("LAB")
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), lab, "RGB", "LAB", renderingIntent=1)
    axis = np.linspace(0, 1, grid)
    nodes = np.stack(np.meshgrid(axis, axis, axis, axis, indexing="ij"), -1).reshape(-1, 4)
    rgb = np.ones((len(nodes), 3))
    for ink in range(4):
        rgb *= 1 - nodes[:, ink : ink + 1] * (1 - inks[ink])
    picture = Image.fromarray((rgb[None] * 255).round().astype(np.uint8))
    cells = np.frombuffer(ImageCms.applyTransform(picture, to_lab).tobytes(), np.uint8).reshape(-1, 3).astype(int)
    # LittleCMS writes a and b as signed bytes, ICC v2 stores them with 128 added.
    cells[:, 1:] = (cells[:, 1:] + 128) % 256
    identity = struct.pack(">9i", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, grid, 0]) + identity + ramp * 4 + cells.astype(np.uint8).tobytes() + ramp * 3
    text = b"Moodifier test inks"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    copyright_text = b"text\0\0\0\0CC0\0"
    tags = [(b"desc", desc), (b"cprt", copyright_text), (b"wtpt", white), (b"A2B0", lut)]
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags:
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = bytearray(128)
    head[0:4] = struct.pack(">I", at + len(body))
    head[8:12] = b"\x02\x40\0\0"
    head[12:24] = b"prtrCMYKLab "
    head[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def srgb_of(picture: Image.Image, profile: bytes) -> list[list[int]]:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), picture.mode, "RGB", renderingIntent=0)
    return np.asarray(ImageCms.applyTransform(picture, transform)).reshape(-1, 3).tolist()


def main() -> None:
    rng = np.random.default_rng(7)
    ramp = np.stack(np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT)), -1)
    colours = np.concatenate([ramp, 1 - ramp[..., :1]], -1)
    expected = {}

    p3 = (FOLDER / "p3.icc").read_bytes()
    deep = np.clip(colours * 65535 + rng.integers(-120, 120, colours.shape), 0, 65535).round().astype(np.uint16)
    (FOLDER / "p3-16.png").write_bytes(png16(deep, p3))
    eight = Image.fromarray((deep / 257).round().astype(np.uint8))
    expected["p3-16.png"] = {"srgb": srgb_of(eight, p3), "samples": deep.reshape(-1, 3).tolist()}

    alpha = rng.integers(0, 65536, (HEIGHT, WIDTH, 1)).astype(np.uint16)
    rgba = np.concatenate([deep, alpha], -1)
    (FOLDER / "rgba-16.png").write_bytes(png16(rgba))
    expected["rgba-16.png"] = {"samples": rgba.reshape(-1, 4).tolist()}

    inks = ink_profile()
    cmyk = Image.fromarray(np.kron(rng.integers(0, 200, (2, 3, 4)), np.ones((4, 4, 1))).astype(np.uint8), "CMYK")
    cmyk.save(FOLDER / "cmyk.jpg", quality=100, subsampling=0, icc_profile=inks)
    expected["cmyk.jpg"] = {"srgb": srgb_of(Image.open(FOLDER / "cmyk.jpg"), inks)}

    upright = Image.fromarray((colours * 255).round().astype(np.uint8))
    exif = Image.Exif()
    exif[274] = 6
    exif[271] = "Secret Camera"
    gps = exif.get_ifd(34853)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    upright.transpose(Image.Transpose.ROTATE_90).save(FOLDER / "turned-gps.jpg", quality=98, subsampling=0, exif=exif)
    expected["turned-gps.jpg"] = {"srgb": np.asarray(upright).reshape(-1, 3).tolist()}

    (FOLDER / "pictures.json").write_text(json.dumps({"width": WIDTH, "height": HEIGHT, "pictures": expected}) + "\n")


main()
