"""What a stranger cannot reach by naming an address, and what an allowed host may answer."""

import asyncio

import pytest

from service import fetching
from service.fetching import Fetcher, is_public
from service.problems import Problem

HOST = "photos.example"
PUBLIC = "93.184.215.14"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nJPEG"


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


class Net:
    """A network of one host, which answers what it is told to, one answer a connection."""

    def __init__(self, *answers: bytes, addresses=(PUBLIC,), pause: float = 0) -> None:
        self.answers, self.addresses, self.pause = list(answers), list(addresses), pause
        self.asked: list[str] = []
        self.reached: list[tuple[str, str]] = []
        self.requests: list[bytes] = []

    def fetch(self, address: str, most: int = 100, seconds: float = 60, hosts=(HOST,)) -> bytes:
        return asyncio.run(self._fetch(address, most, seconds, hosts))

    def refused(self, address: str, **more) -> Problem:
        with pytest.raises(Problem) as problem:
            self.fetch(address, **more)
        return problem.value

    async def _fetch(self, address, most, seconds, hosts):
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def resolve(host):
            self.asked.append(host)
            found = self.addresses
            return found.pop(0) if found and isinstance(found[0], list) else found

        async def connect(address, host):
            self.reached.append((address, host))
            return await asyncio.open_connection("127.0.0.1", port)

        try:
            one = Fetcher(frozenset(hosts), seconds, resolve, connect)
            return await one.fetch(address, most)
        finally:
            server.close()

    async def _answer(self, reader, writer):
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(self.pause)
        writer.write(self.answers.pop(0))
        writer.close()


def test_an_allowed_host_gives_a_photograph():
    net = Net(OK)
    assert net.fetch(f"https://{HOST}/a/b.jpg?c=d#e") == b"JPEG"
    assert net.reached == [(PUBLIC, HOST)]
    assert net.requests[0].startswith(b"GET /a/b.jpg?c=d HTTP/1.1\r\n")
    assert b"host: photos.example\r\n" in net.requests[0].lower()


@pytest.mark.parametrize(
    "address",
    [
        "http://photos.example/a.jpg",
        "file:///etc/passwd",
        "ftp://photos.example/a.jpg",
        "gopher://photos.example/",
        "https://other.example/a.jpg",
        "https://photos.example.other.example/",
        "https://other.example/https://photos.example/",
        "https://photos.example@other.example/",
        "https://user:word@photos.example/",
        "https://photos.example:8443/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://photos.example\\@other.example/",
        "https://photos.example/a b",
        "https://photos.example/a\r\nX: y",
        "https://photos.exam\u217ale/",
        "https://[photos.example/",
        "https:photos.example",
        "//photos.example/",
        "",
    ],
)
def test_no_other_address_is_even_looked_up(address):
    net = Net(OK)
    assert net.refused(address).status == 403
    assert (net.asked, net.reached) == ([], [])


def test_no_host_is_allowed_unless_it_is_named(client):
    answer = client.post("/predict", json={"data_url": f"https://{HOST}/secret-word.jpg"})
    assert answer.status_code == 403
    assert "secret-word" not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 (an address to refuse)
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:93.184.215.14",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001::1",
        "2001:20::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2a00:1450::5efe:10.0.0.1",
        "2a00:1450::200:5efe:10.0.0.1",
        "192.0.0.8",
        "192.0.0.192",
        "192.88.99.1",
        "168.63.129.16",
        "no address",
    ],
)
def test_a_name_of_a_private_address_is_not_reached(address):
    assert not is_public(address)
    net = Net(OK, addresses=[address])
    assert net.refused(f"https://{HOST}/").status == 403
    assert net.reached == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    net = Net(OK, addresses=[PUBLIC, "10.0.0.1"])
    assert net.refused(f"https://{HOST}/").status == 403


def test_a_name_is_looked_up_once_and_its_address_kept():
    """So a name that means another host the next moment (DNS rebinding) is of no use."""
    net = Net(OK, addresses=[[PUBLIC], ["127.0.0.1"]])
    assert net.fetch(f"https://{HOST}/") == b"JPEG"
    assert (net.asked, net.reached) == ([HOST], [(PUBLIC, HOST)])


def test_a_redirect_is_an_address_like_the_first():
    net = Net(redirect("/b.jpg"), OK)
    assert net.fetch(f"https://{HOST}/a/") == b"JPEG"
    assert b"GET /b.jpg " in net.requests[1]
    for to in ("https://127.0.0.1/", "http://photos.example/", "file:///etc/passwd"):
        net = Net(redirect(to), OK)
        assert net.refused(f"https://{HOST}/").status == 403
        assert len(net.reached) == 1
    net = Net(redirect("/again"), addresses=[[PUBLIC], ["10.0.0.1"]])
    assert net.refused(f"https://{HOST}/").status == 403
    assert len(net.reached) == 1


def test_redirects_come_to_an_end():
    net = Net(*[redirect("/")] * 9)
    assert net.refused(f"https://{HOST}/").status == 422
    assert len(net.reached) == 1 + fetching.REDIRECTS


@pytest.mark.parametrize("head", [b"Content-Length: 500\r\n", b""])
def test_bytes_are_bounded_whatever_the_answer_says(head):
    net = Net(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"a" * 500)
    assert net.refused(f"https://{HOST}/", most=100).status == 413


def test_time_is_bounded():
    assert Net(OK, pause=600).refused(f"https://{HOST}/", seconds=0.1).status == 422


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nJPEG",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nJPEG",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_other_answers_are_no_photograph(answer):
    assert Net(answer).refused(f"https://{HOST}/").status == 422


def test_a_host_that_is_not_there_is_told():
    async def resolve(host):
        raise OSError("no such host")

    with pytest.raises(Problem) as problem:
        asyncio.run(Fetcher(frozenset({HOST}), 1, resolve).fetch(f"https://{HOST}/", 9))
    assert problem.value.status == 422


def test_a_fetched_photograph_is_looked_at(serve, jpeg):
    async def resolve(host):
        return [PUBLIC]

    async def connect(address, host):
        reader = asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg)
        reader.feed_eof()
        return reader, Nobody()

    client = serve(fetcher=Fetcher(frozenset({HOST}), 5, resolve, connect))
    told = client.post("/predict", json={"data_url": f"https://{HOST}/a.jpg"}).json()
    assert told["photographs"][0]["width"] == 60


class Nobody:
    """The other end of a connection, which takes whatever is written."""

    def write(self, data):
        self.transport = self

    async def drain(self):
        pass

    def abort(self):
        pass
