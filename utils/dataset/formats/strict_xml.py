"""XML of annotations, read strictly and within bounds.

lxml does not bound the number of elements, and builds a tree before one can look at it: 2,500,000
empty elements in 10 MB. So each element passes by `_Watched` while it is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from utils.errors import InputError, brief


@dataclass(frozen=True)
class Form:
    """What files of a format look like at most.

    Attributes
    ----------
    title
        What the format is called in errors.
    root
        The element at the top.
    most_bytes, most_elements, most_depth
        Bounds on what is read.
    refused
        For elements below the top that show another format, what is said of the file.
    """

    title: str
    root: str
    most_bytes: int
    most_elements: int
    most_depth: int = 100
    refused: Mapping[str, str] = field(default_factory=dict)


def parse_xml(
    data: bytes, name: str, form: Form, done: Callable[[etree._Element], None] | None = None
) -> etree._Element:
    """Return the element at the top of an XML file.

    Comments are left out, entities are not expanded, and nothing else is read. The encoding is
    what the byte order mark or the declaration says, else UTF-8. Empty lines before the declaration
    are forgiven, although XML allows none: some tools write them.

    Parameters
    ----------
    name
        What to call the file in an error.
    done
        Called with each element directly below the top when it is whole; it is emptied afterwards,
        so that a large file is never held as a tree.

    Raises
    ------
    InputError
        If it is not well-formed, has a document type, namespaces or another root, or is larger
        than `form` allows.
    """
    if not data.strip():
        raise InputError(
            f"{name}: the annotation is empty; a photo without faces needs its XML too"
        )
    if len(data) > form.most_bytes:
        raise InputError(
            f"{name}: the annotation has {len(data)} bytes, more than {form.most_bytes}; "
            "remove what describes no face"
        )
    try:
        return etree.fromstring(data.lstrip(b" \t\r\n"), _parser(_Watched(form, done)))
    except _Refused as error:
        raise InputError(f"{name}: {error}") from None
    except (etree.LxmlError, ValueError) as error:
        raise InputError(
            f"{name}: not well-formed XML ({brief(error)}); mend or replace it"
        ) from error


def only(parent: etree._Element, field: str, where: str) -> etree._Element:
    """Return the one child that is called `field`."""
    found = parent.findall(field)
    if not found:
        raise InputError(f"{where}: field '{field}' is missing; add it or remove the object")
    if len(found) > 1:
        raise InputError(f"{where}: field '{field}' stands {len(found)} times; leave one")
    return found[0]


def only_text(parent: etree._Element, field: str, where: str) -> str:
    """Return the text of the one child that is called `field`, without spaces around it."""
    element = only(parent, field, where)
    if len(element):
        raise InputError(f"{where}: field '{field}' holds an element, expected text; remove it")
    return (element.text or "").strip()


def _parser(target: object) -> etree.XMLParser:
    return etree.XMLParser(
        target=target, recover=False, resolve_entities=False, load_dtd=False, no_network=True
    )


class _Refused(Exception):
    """What is wrong with well-formed XML, and the fix."""


class _Watched:
    """Builds the tree, and stops where the file is not of its form."""

    def __init__(self, form: Form, done: Callable[[etree._Element], None] | None) -> None:
        self._form, self._done = form, done
        self._elements = self._depth = 0
        self._builder = etree.TreeBuilder()
        self.data = self._builder.data

    def start(self, tag: str, attributes: dict[str, str], _: dict | None = None) -> None:
        form = self._form
        self._elements += 1
        self._depth += 1
        if self._elements > form.most_elements:
            raise _Refused(
                f"has more than {form.most_elements} elements; remove what describes no face"
            )
        if self._depth > form.most_depth:
            raise _Refused(f"has elements {form.most_depth} deep; {form.title} files have 4")
        if ":" in tag or "{" in tag:
            raise _Refused(
                f"element '{brief(tag)}' has a namespace, which {form.title} files have not; "
                "remove it"
            )
        if self._depth == 1 and tag != form.root:
            raise _Refused(f"no '{form.root}' element at the top; not a {form.title} file")
        if self._depth == 2 and tag in form.refused:
            raise _Refused(form.refused[tag])
        self._builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        element = self._builder.end(tag)
        if self._done is not None and self._depth == 1:
            self._done(element)
            element.clear()

    def close(self) -> etree._Element | None:
        """Return the tree; lxml asks also where the file broke off, and then raises."""
        return None if self._depth or not self._elements else self._builder.close()

    def doctype(self, *_: object) -> None:
        raise _Refused(f"has a DOCTYPE, which {self._form.title} files do not; remove it")
