"""Archives that nobody should send: their bytes, and what the error of each says.

The tests read them, and the fuzzers start from them.
"""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
    b"\0\0\0\x0cIDATx\x9cc```\0\0\0\4\0\1\xf6\x178U\0\0\0\0IEND\xaeB`\x82"
)
END = bytes(1024)
COMPRESSORS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
PHOTOS = {"b.png": PNG, "c.png": PNG[::-1]}


def header(
    name: bytes, size: bytes = b"%011o\0" % 0, kind: bytes = b"0", link: bytes = b""
) -> bytes:
    """A tar header with a right checksum, and whatever else it says."""
    block = bytearray(512)
    block[:100] = name.ljust(100, b"\0")[:100]
    block[100:124] = b"0000644\0" + 2 * b"0000000\0"
    block[124:136], block[136:148], block[148:156] = size, b"%011o\0" % 0, b" " * 8
    block[156:157], block[157:257] = kind, link.ljust(100, b"\0")
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def octal(size: int) -> bytes:
    return b"%011o\0" % size


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def file(name: bytes, data: bytes = PNG, kind: bytes = b"0") -> bytes:
    return header(name, octal(len(data)), kind) + padded(data)


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """PAX records before a member, without their lengths being believed."""
    lines = b""
    for keyword, value in records:
        length = len(keyword) + len(value) + 3
        length += len(str(length + len(str(length))))
        lines += b"%d %s=%s\n" % (length, keyword, value)
    return file(b"PaxHeaders/x", lines, kind)


def tar(*members: bytes) -> bytes:
    return b"".join(members) + END


def tar_of(photos: dict[str, bytes] = PHOTOS) -> bytes:
    return tar(*(file(name.encode(), data) for name, data in photos.items()))


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], **options: object) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def zip_of(photos: dict[str, bytes] = PHOTOS) -> bytes:
    old = (1980, 1, 1, 0, 0, 0)
    return packed(*((zipfile.ZipInfo(name, old), data) for name, data in photos.items()))


def patched(data: bytes, place: int, *values: tuple[str, int], at: bytes = b"PK\1\2") -> bytes:
    """Overwrite a field of each header that begins with `at`, counted from its beginning."""
    changed, start = bytearray(data), data.find(at)
    while start >= 0:
        for code, value in values:
            struct.pack_into("<" + code, changed, start + place, value)
        start = data.find(at, start + 4)
    return bytes(changed)


def both(data: bytes, local: int, central: int, code: str, value: int) -> bytes:
    """Overwrite a field in the local headers and in the central directory of a zip."""
    return patched(
        patched(data, local, (code, value), at=b"PK\3\4"), central, (code, value), at=b"PK\1\2"
    )


def special(name: str, mode: int, data: bytes) -> bytes:
    """A zip whose one member is of the kind that the Unix `mode` says."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return packed((info, data))


def overlapping(files: int, kernel: int) -> bytes:
    """Fifield's zip bomb (2019): each file quotes the header of the next and shares its data."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(kernel)
    data = squeezer.compress(content) + squeezer.flush()
    body = head = b""
    heads = []
    for number in reversed(range(files)):
        name = b"%04d.png" % number
        if body:
            data = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head + data
            content = head + content
        fields = (20, 0, 8, 0, 0, zlib.crc32(content), len(data), len(content), len(name), 0)
        head = struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name
        body = head + data
        heads.append((name, fields, len(body)))
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, len(body) - place) + name
        for name, fields, place in heads
    )
    end = (0, 0, files, files, len(directory), len(body), 0)
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", *end)


def many_entries(number: int, name: bytes = b"photographs/of/the/crowd/%07x.png") -> bytes:
    """A zip of so many entries, of which only the list is there."""
    head = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, *(0,) * 4, 0, 0, 0, len(name % 0), *(0,) * 6
    )
    directory = b"".join(head + name % i for i in range(number))
    counts = (number & 0xFFFF,) * 2
    return directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *counts, len(directory), 0, 0)


def large_dictionary() -> bytes:
    """A .tar.xz that asks for 4 GiB of memory before the first byte."""
    data = bytearray(lzma.compress(tar_of()))
    place = data.index(b"\x21\x01", 12)
    end = 12 + (data[12] + 1) * 4
    data[place + 2] = 40
    data[end - 4 : end] = struct.pack("<L", zlib.crc32(data[12 : end - 4]))
    return bytes(data)


def gnu_sparse() -> bytes:
    return header(b"a.png", octal(512), b"S") + bytes(512)


OUT = "leads out of the archive"
ODD = "is not a name of folders and a file"
SMALL = tar_of()
ZIP = zip_of()
TARS = {
    "absolute": (tar(file(b"/etc/cron.d/a.png")), OUT),
    "parent": (tar(file(b"../a.png")), OUT),
    "parent-within": (tar(file(b"images/../../a.png")), OUT),
    "parent-by-pax": (tar(pax((b"path", b"../../a.png")), file(b"a.png")), OUT),
    "parent-by-long-name": (tar(file(b"L", b"../a.png\0", b"L"), file(b"a.png")), OUT),
    "backslash": (tar(file(b"..\\a.png")), ODD),
    "drive": (tar(file(b"C:/Windows/a.png")), OUT),
    "no-name": (tar(file(b"")), ODD),
    "symbolic-link": (tar(header(b"a.png", kind=b"2", link=b"/etc/passwd")), "'a.png' is a link"),
    "links-in-a-loop": (
        tar(header(b"a.png", kind=b"2", link=b"b.png"), header(b"b.png", kind=b"2", link=b"a.png")),
        "is a link",
    ),
    "hard-link": (tar(file(b"b.png"), header(b"a.png", kind=b"1", link=b"../../x")), "is a link"),
    "character-device": (tar(header(b"a.png", kind=b"3")), "is a device"),
    "block-device": (tar(header(b"a.png", kind=b"4")), "is a device"),
    "named-pipe": (tar(header(b"a.png", kind=b"6")), "is a named pipe"),
    "unknown-type": (tar(header(b"a.png", kind=b"Q")), "is of type b'Q'"),
    "sparse": (tar(gnu_sparse()), "is a sparse file"),
    "sparse-by-pax": (
        tar(pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"9" * 12)), file(b"a.png")),
        "is a sparse file",
    ),
    "twice": (tar(file(b"a.png"), file(b"a.png")), "'a.png' twice"),
    "twice-in-other-words": (tar(file(b"a.png"), file(b".//./a.png")), "'a.png' twice"),
    "exabytes": (tar(header(b"a.png", b"\x80" + b"\x7f".ljust(11, b"\0"))), "goes beyond the file"),
    "terabytes": (tar(header(b"a.png", b"\x80" + (1 << 40).to_bytes(11))), "goes beyond the file"),
    "negative-size": (tar(header(b"a.png", b"\xff" * 12)), "no tar|begin as a tar"),
    "negative-size-by-pax": (tar(pax((b"size", b"-1024")), file(b"a.png")), "damaged PAX"),
    "huge-size-by-pax": (tar(pax((b"size", b"9" * 17)), file(b"a.png")), "goes beyond the file"),
    "digits-by-pax": (tar(pax((b"size", b"9" * 9000)), file(b"a.png")), "damaged PAX"),
    "huge-pax": (tar(header(b"x", b"\x80" + (1 << 40).to_bytes(11), b"x")), "a header of"),
    "large-pax": (tar(file(b"x", b"9" * 2**21, b"x"), file(b"a.png")), "a header of 2097152 bytes"),
    "digits-in-pax": (tar(file(b"x", b"1" * 2**20, b"x"), file(b"a.png")), "damaged PAX records"),
    "broken-pax": (tar(file(b"x", b"0 path=a\n", b"x"), file(b"a.png")), "damaged PAX records"),
    "endless-pax": (pax((b"comment", b"x")) * 5000, "cut off"),
    "wrong-checksum": (tar(file(b"a.png").replace(b"a.png", b"e.png")), "begin as a tar"),
    "second-header-damaged": (tar(file(b"a.png"), b"\1" * 512), "no header, or a damaged one"),
    "no-end": (file(b"a.png"), "cut off at byte 1024"),
    "half-an-end": (file(b"a.png") + bytes(512), "cut off"),
    "two-in-one": (SMALL + SMALL, "more after its end"),
    "empty": (b"", "empty"),
    "zeros": (bytes(10240), "no photographs"),
    "a-zip": (zip_of({"a.png": PNG * 20}), "is its suffix right"),
    "a-picture": (PNG + bytes(512), "is its suffix right"),
    "nested": (tar(file(b"more.tar", SMALL)), "no photographs"),
}
ODD_NAMES = {
    "not-utf-8.tar": tar(file(b"caf\xe9.png")),
    "line-break.tar": tar(file(b"a\nb.png")),
    "line-break.zip": packed(("a\nb.png", PNG)),
}
"""Names that keep no photograph from being looked at."""
ZIPS = {
    "absolute": (packed(("/etc/a.png", PNG)), OUT),
    "parent": (packed(("../../a.png", PNG)), OUT),
    "backslash": (packed(("..\\a.png", PNG)), OUT),
    "backslash-within": (packed(("images\\..\\..\\a.png", PNG)), OUT),
    "backslash-first": (packed(("\\etc\\a.png", PNG)), OUT),
    "backslash-twice": (packed(("i\\a.png", PNG), ("i/a.png", PNG)), "'i/a.png' twice"),
    "drive-and-backslash": (packed(("C:\\a.png", PNG)), OUT),
    "drive": (packed(("C:/a.png", PNG)), OUT),
    "nul": (packed(("abcd.png", PNG)).replace(b"abcd.png", b"a\0cd.png"), ODD),
    "symbolic-link": (special("a.png", 0o120777, b"/etc/passwd"), "'a.png' is a link"),
    "named-pipe": (special("a.png", 0o010644, b""), "is no plain file"),
    "device": (special("a.png", 0o020644, b""), "is no plain file"),
    "encrypted": (both(ZIP, 6, 8, "H", 1), "'b.png' is encrypted"),
    "deflate64": (both(ZIP, 8, 10, "H", 9), "by the method deflate64"),
    "unknown-method": (both(ZIP, 8, 10, "H", 1234), "by the method 1234"),
    "wrong-crc": (both(ZIP, 14, 16, "L", 1), r"b\.png: cannot be read \(Bad CRC"),
    "larger-than-told": (both(ZIP, 22, 24, "L", 9), r"b\.png: cannot be read"),
    "smaller-than-told": (both(ZIP, 22, 24, "L", 9999), r"b\.png: cannot be read"),
    "claims-terabytes": (patched(ZIP, 24, ("L", 0xFFFFFFF0)), "holds more than"),
    "zip64-without-sizes": (patched(ZIP, 24, ("L", 0xFFFFFFFF)), "cannot be read"),
    "elsewhere": (patched(ZIP, 42, ("L", 0x7FFFFFF0)), r"b\.png: cannot be read"),
    "list-elsewhere": (patched(ZIP, 16, ("L", 0x7FFFFFF0), at=b"PK\5\6"), "cannot be read"),
    "large-list": (patched(ZIP, 12, ("L", 0xFFFFFFF0), at=b"PK\5\6"), "cannot be read"),
    "other-names-inside": (ZIP.replace(b"b.png", b"e.png", 1), r"b\.png: cannot be read"),
    "twice": (packed(("abcd.png", PNG), ("efgh.png", PNG)).replace(b"efgh", b"abcd"), "twice"),
    "not-utf-8": (
        packed(("\N{GREEK SMALL LETTER ALPHA}.png", PNG)).replace(b"\xce\xb1", b"\xff\xfe"),
        "cannot be read",
    ),
    "overlapping": (overlapping(200, 2**21), "100 times its own size"),
    "empty": (b"", "cannot be read"),
    "no-members": (packed(), "no photographs"),
    "a-tar": (SMALL, "cannot be read"),
    "nested": (packed(("more.zip", ZIP)), "no photographs"),
}
