"""Photographs at ``https:`` addresses, of hosts that were allowed by name and are public.

An address that a stranger names is a way into the network that the service stands in. So hosts
are looked up once, every address of theirs must be public, and the connection goes to the address
that was checked: a name that means another host the next moment is of no use. Each redirect is an
address like the first.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import h11

from service.problems import Problem
from utils.errors import brief, number_of

SECONDS = 5.0
"""For an address with all its redirects."""

REDIRECTS = 3
PORT = 443
_CHUNK = 2**16
_HEAD = 2**16
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out; addresses of IPv4 are embedded beyond it, above all."""

_SPECIAL = tuple(  # though some versions of Python call them public
    map(
        ipaddress.ip_network,
        (
            *("192.0.0.0/24", "192.88.99.0/24"),  # of protocols; relays
            "168.63.129.16",  # by which machines of a cloud reach what manages them
            *("2001::/23", "2002::/16"),  # of protocols; IPv4 embedded
            "3fff::/20",  # of documents
        ),
    )
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The third quarter of addresses of IPv6 whose fourth is one of IPv4 (RFC 5214)."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Resolve = Callable[[str], Awaitable[list[str]]]
Connect = Callable[[str, str], Awaitable[Streams]]


async def resolve(host: str) -> list[str]:
    """Return the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [entry[4][0] for entry in found]


async def connect(address: str, host: str) -> Streams:
    """Connect to an address, over TLS with a certificate of the host."""
    return await asyncio.open_connection(
        address, PORT, ssl=ssl.create_default_context(), server_hostname=host, limit=_CHUNK
    )


def is_public(address: str) -> bool:
    """Return whether an address is one of the public internet, and stands for no other."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # with a scope, as fe80::1%eth0, or none
        return False
    if any(ip in network for network in _SPECIAL):
        return False
    if ip.version == 6 and (ip not in _UNICAST or int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True)
class Fetcher:
    """Fetches photographs.

    Attributes
    ----------
    hosts
        From which; in lower case, without a point at the end.
    seconds
        For one address.
    resolve, connect
        What speaks to the network.
    """

    hosts: frozenset[str]
    seconds: float = SECONDS
    resolve: Resolve = resolve
    connect: Connect = connect

    async def fetch(self, address: str, most: int) -> bytes:
        """Return at most so many bytes that an address gives.

        Raises
        ------
        Problem
            403 if the address may not be fetched; 413 if it gives more; 422 if it gives nothing.
        """
        try:
            async with asyncio.timeout(self.seconds):
                for _ in range(1 + REDIRECTS):
                    target = self._checked(address)
                    found = await self._get(target, most)
                    if isinstance(found, bytes):
                        return found
                    address = urljoin(address, found)
        except TimeoutError:
            raise _failed(f"it did not answer within {self.seconds:g} seconds") from None
        except (OSError, h11.RemoteProtocolError, EOFError) as error:
            raise _failed(f"it cannot be read ({type(error).__name__})") from error
        raise _failed(f"it redirects more than {REDIRECTS} times")

    def _checked(self, address: str) -> SplitResult:
        """Return the parts of an address that may be fetched."""
        try:
            parts = urlsplit(address)
            port, host = parts.port, (parts.hostname or "").rstrip(".")
        except ValueError:
            raise _forbidden("it is no address") from None
        if any(not "!" <= char <= "~" or char == "\\" for char in address):
            raise _forbidden("it has characters that addresses do not have")
        if parts.scheme != "https":
            raise _forbidden(f"{brief(parts.scheme, 20)!r} addresses are not fetched")
        if parts.username is not None or parts.password is not None:
            raise _forbidden("it names a user")
        if port not in (None, PORT):
            raise _forbidden(f"it names a port that is not {PORT}")
        if host not in self.hosts:
            raise _forbidden("its host is not one of those that were allowed")
        return parts

    async def _get(self, parts: SplitResult, most: int) -> bytes | str:
        """Return what is at an address, or to where it redirects."""
        host = (parts.hostname or "").rstrip(".")
        addresses = await self.resolve(host)
        if not addresses or not all(map(is_public, addresses)):
            raise _forbidden("its host is not on the public internet")
        reader, writer = await self.connect(addresses[0], host)
        try:
            return await _read(reader, writer, parts, host, most)
        finally:
            writer.transport.abort()


async def _read(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    parts: SplitResult,
    host: str,
    most: int,
) -> bytes | str:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [
        ("Host", host),
        ("Accept", "image/*"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "mask-detection"),
        ("Connection", "close"),
    ]
    writer.write(http.send(h11.Request(method="GET", target=target, headers=headers)))
    writer.write(http.send(h11.EndOfMessage()))
    await writer.drain()
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            told = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            if event.status_code in (301, 302, 303, 307, 308) and "location" in told:
                return told["location"]
            if event.status_code != 200:
                raise _failed(f"it answers {event.status_code}")
            if told.get("content-encoding", "identity") != "identity":
                raise _failed("it answers with compressed bytes")
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > most:
                raise Problem(
                    413,
                    "too_large",
                    f"the address gives more than {number_of(most, 'byte')}",
                    field="data_url",
                    fix="make the photograph smaller",
                )
        elif isinstance(event, h11.EndOfMessage):
            return bytes(body)
        elif isinstance(event, h11.ConnectionClosed):
            raise EOFError("the answer was cut off")


def _forbidden(why: str) -> Problem:
    """Return the refusal of an address, which is not repeated: it may hold a password."""
    return Problem(
        403,
        "address",
        f"the address is not fetched: {why}",
        field="data_url",
        fix="send the photograph itself, or as a data: URL; --fetch-host NAME allows a host",
    )


def _failed(why: str) -> Problem:
    return Problem(
        422, "address", f"the address gives no photograph: {why}", field="data_url", fix=None
    )
