"""XML of annotations, read strictly and within bounds, as a tree of Beautiful Soup.

By itself Beautiful Soup mends broken XML, tries several encodings until one fits, and keeps all it
is given: 2,500,000 empty elements in 10 MB took it three minutes.
"""

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.builder import LXMLTreeBuilderForXML, ParserRejectedMarkup
from lxml import etree

from utils.errors import InputError, brief

MAX_BYTES = 4 * 1024**2
"""Of an annotation; a face takes about 300."""

MAX_ELEMENTS = 100_000
MAX_DEPTH = 100


def parse_annotation(data: bytes, name: str) -> Tag:
    """Return the ``annotation`` element of an XML file.

    Comments are left out, entities are not expanded, and nothing else is read. The encoding is
    what the byte order mark or the declaration says, else UTF-8.

    Parameters
    ----------
    name
        What to call the file in an error.

    Raises
    ------
    InputError
        If it is not well-formed, has a document type, namespaces or another root, or is larger
        than `MAX_BYTES`, `MAX_ELEMENTS` or `MAX_DEPTH` allow.
    """
    if not data.strip():
        raise InputError(
            f"{name}: the annotation is empty; a photo without faces needs its XML too"
        )
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{name}: the annotation has {len(data)} bytes, more than {MAX_BYTES}; "
            "remove what describes no face"
        )
    try:
        soup = BeautifulSoup(data, builder=_Builder())
    except _NoAnnotation as error:
        raise InputError(f"{name}: {error}") from None
    except (etree.LxmlError, ParserRejectedMarkup, ValueError) as error:
        raise InputError(
            f"{name}: not well-formed XML ({brief(error)}); mend or replace it"
        ) from error
    root = soup.find("annotation", recursive=False)
    if root is None:
        raise InputError(f"{name}: no 'annotation' element at the top; not a PASCAL VOC file")
    return root


class _NoAnnotation(Exception):
    """What is wrong with well-formed XML, and the fix."""


class _Builder(LXMLTreeBuilderForXML):
    def __init__(self) -> None:
        super().__init__()
        self._elements = 0

    def prepare_markup(self, markup: bytes, *_: object, **__: object) -> Iterator[tuple]:
        yield markup, None, None, False  # bytes as they are: lxml knows encodings

    def parser_for(self, encoding: str | None) -> etree.XMLParser:
        return etree.XMLParser(
            target=self, recover=False, resolve_entities=False, load_dtd=False, no_network=True
        )

    def start(self, tag: str, attrib: dict, nsmap: dict | None = None) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _NoAnnotation(
                f"has more than {MAX_ELEMENTS} elements; remove what describes no face"
            )
        if len(self.soup.tagStack) > MAX_DEPTH:
            raise _NoAnnotation(f"has elements {MAX_DEPTH} deep; VOC files have 4, flatten it")
        if tag.startswith("{") or ":" in tag:
            raise _NoAnnotation(
                f"element '{brief(tag)}' has a namespace, which VOC files have not; remove it"
            )
        super().start(tag, attrib, nsmap or {})

    def doctype(self, *_: object) -> None:
        raise _NoAnnotation("has a DOCTYPE, which VOC files do not; remove it")

    def comment(self, *_: object) -> None:
        pass

    def pi(self, *_: object) -> None:
        pass
