"""VOC files that somebody wrote wrongly, or to do harm, each with what is to be said of it."""

import codecs
from collections.abc import Iterator

FIELDS = ("xmin", "ymin", "xmax", "ymax")
FACE = (2, 3, 20, 30)


def voc(*objects: str, size: str = "<size><width>100</width><height>80</height></size>") -> str:
    """A VOC file of a photograph of 100 x 80 pixels."""
    return f"<annotation>{size}{''.join(objects)}</annotation>"


def face(*corners: object, name: str = "<name>with_mask</name>") -> str:
    """An object with a box; a corner that is None is left out."""
    pairs = zip(FIELDS, corners or FACE, strict=True)
    box = "".join(f"<{field}>{value}</{field}>" for field, value in pairs if value is not None)
    return f"<object>{name}<bndbox>{box}</bndbox></object>"


def refused() -> Iterator[tuple[str, str | bytes, str]]:
    """Yield what it is, the file, and a part of the message."""
    yield from _bombs()
    yield from _encodings()
    yield from _fields()
    yield from _elsewhere()


def _bombs() -> Iterator[tuple[str, str | bytes, str]]:
    laughs = '<!ENTITY l0 "lol">'
    laughs += "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    inside = voc(face(name="<name>&l11;</name>"))
    yield "billion laughs", f"<!DOCTYPE annotation [{laughs}]>{inside}", "has a DOCTYPE"
    attribute = voc('<object x="&l11;"/>')
    yield "laughs in an attribute", f"<!DOCTYPE a [{laughs}]>{attribute}", "has a DOCTYPE"
    blown = f'<!DOCTYPE a [<!ENTITY q "{"x" * 10**5}">]>' + voc(f'<o x="{"&q;" * 5000}"/>')
    yield "quadratic blowup", blown, "has a DOCTYPE"
    yield "text of 100 MB", b"<annotation>" + b"x" * 10**8 + b"</annotation>", "bytes, more than"
    yield "100,000 levels", voc("<a>" * 10**5 + "</a>" * 10**5), "deep"
    yield "100,000 faces", voc(face() * 10**5), "bytes, more than"
    yield "30,000 faces", voc(face() * 30_000), "more than 100000 elements"
    yield "5,001 faces", voc(face() * 5001), "field 'object' stands 5001 times"
    yield "1,000,000 elements", voc("<a/>" * 10**6), "more than 100000 elements"
    yield "a name of 4 MB", voc(face(name=f"<name>{'n' * 4 * 10**6}</name>")), "field 'name'"
    yield "a number of 4 MB", voc(face("7" * 4 * 10**6, 3, 20, 30)), "field 'xmin'"
    yield "an element name of 49 kB", voc(f"<{'a' * 49_000}></b>"), "not well-formed"


def _encodings() -> Iterator[tuple[str, str | bytes, str]]:
    text = voc(face(), "<folder>é</folder>")
    for encoding in ("utf-16-le", "utf-16-be", "cp037", "latin-1"):
        yield f"{encoding} unannounced", text.encode(encoding), "not well-formed"
    for told in ("utf-16", "us-ascii", "x-unknown"):
        lie = f'<?xml version="1.0" encoding="{told}"?>{text}'
        yield f"says {told} and is UTF-8", lie.encode(), "not well-formed"
    yield "latin-1 after an UTF-8 mark", codecs.BOM_UTF8 + text.encode("latin-1"), "not well-formed"
    yield "a NUL byte", voc(face()).replace("with", "wi\0th"), "not well-formed"
    yield "NUL bytes after the end", voc(face()) + "\0\0", "not well-formed"
    yield "an escape by number", voc(face(name="<name>&#27;[31m</name>")), "not well-formed"
    yield "a second file after the end", voc(face()) * 2, "not well-formed"


def _fields() -> Iterator[tuple[str, str | bytes, str]]:
    values = ("nan", "inf", "-inf", "1e999", "left", "", "1,5", "0x10", "1_0", "١٢", "9" * 5000)
    for value in values:
        where = "object 2: field 'ymax' is "
        yield f"ymax is {value[:9]!r}", voc(face(), face(1, 1, 9, value)), where
    for number, field in enumerate(FIELDS):
        some = [value if place != number else None for place, value in enumerate(FACE)]
        yield f"no {field}", voc(face(*some)), f"object 1: field '{field}' is missing"
        twice = face().replace(f"</{field}>", f"</{field}><{field}>5</{field}>")
        yield f"{field} twice", voc(twice), f"object 1: field '{field}' stands 2 times"
    inner = face().replace("<xmin>2<", "<xmin>2<b>0</b><")
    yield "an element in xmin", voc(inner), "object 1: field 'xmin' holds an element"
    yield "no name", voc(face(name="")), "object 1: field 'name' is missing"
    yield "no box", voc("<object><name>with_mask</name></object>"), "field 'bndbox' is missing"
    two = "<name>with_mask</name><name>without_mask</name>"
    yield "two names", voc(face(name=two)), "object 1: field 'name' stands 2 times"
    yield "two boxes", voc(face(name="<name>with_mask</name><bndbox/>")), "'bndbox' stands 2"
    for name in ("helmet", "With_Mask", "", "\u202ewith_mask", "with mask", "<script>"):
        wrong = face(name=f"<name>{name.replace('<', '&lt;')}</name>")
        yield f"class {name!a}", voc(wrong), "object 1: field 'name': unknown class name"
    yield "two sizes", voc(face(), "<size/>"), "field 'size' stands 2 times"


def _elsewhere() -> Iterator[tuple[str, str | bytes, str]]:
    space = voc(face()).replace("<annotation>", '<annotation xmlns="http://example.org/voc">')
    yield "a namespace for all", space, "has a namespace"
    some = voc(face()).replace("<annotation>", '<annotation xmlns:v="http://example.org">')
    yield "objects in a namespace", some.replace("object>", "v:object>"), "has a namespace"
    yield "objects in a list", voc(f"<objects>{face()}</objects>"), "not directly in 'annotation'"
    yield "Object", voc(face()).replace("object>", "Object>"), "or is spelled otherwise"
    yield "another root", voc(face()).replace("annotation>", "doc>"), "no 'annotation' element"
    yield "the root further in", f"<a>{voc(face())}</a>", "no 'annotation' element"
    yield "nothing", "", "is empty"
    yield "spaces", " \n ", "is empty"
    yield "half a file", voc(face())[:90], "not well-formed"
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(50), "not well-formed"
    yield "JSON", '{"annotation": []}', "not well-formed"
