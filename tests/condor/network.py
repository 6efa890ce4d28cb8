"""The network of a pool: a bridge in the submit host, and a cable from it to each pilot.

It lies in the submit host's network namespace and nowhere else: it can clash with no network of the
real machine nor with another pool's, reaches neither, and vanishes with the host.
"""

from tests.condor.host import Host

BRIDGE = "pool"
PREFIX = "10.77.0."
SUBMIT = PREFIX + "1"
# A pilot answers, and opens connections; nobody opens one to it.
FIREWALL = """
table inet pilot {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
  }
}
"""


class Network:
    """The bridge of a pool.

    Parameters
    ----------
    submit : Host
        The host that holds it.
    """

    def __init__(self, submit: Host) -> None:
        self.submit = submit
        self._next = 2
        self._link("add", BRIDGE, "type", "bridge")
        submit.run(["ip", "address", "add", f"{SUBMIT}/24", "dev", BRIDGE], check=True)
        self._link("set", BRIDGE, "up")
        with (submit.root / "etc/hosts").open("a") as hosts:
            hosts.write(f"{SUBMIT} submit.lab submit\n")

    def plug(self, host: Host) -> "Cable":
        """Connect `host`, give it an address, and let it know the submit host's name."""
        number, self._next = self._next, self._next + 1
        address, plug = f"{PREFIX}{number}", f"pilot{number}"
        # ip finds the host by its process id in /proc: let it see the real machine's.
        ends = ["add", plug, "type", "veth", "peer", "name", "eth0", "netns", str(host.pid)]
        command = ["unshare", "--mount-proc", "ip", "link", *ends]
        self.submit.run(command, own_processes=False, check=True)
        self._link("set", plug, "master", BRIDGE, "up")
        host.run(["ip", "address", "add", f"{address}/24", "dev", "eth0"], check=True)
        host.run(["ip", "link", "set", "eth0", "up"], check=True)
        host.run(["nft", FIREWALL], check=True)
        with (host.root / "etc/hosts").open("a") as hosts:
            hosts.write(f"{SUBMIT} submit.lab submit\n{address} {host.name}.lab {host.name}\n")
        return Cable(self, plug, address)

    def _link(self, *words: str) -> None:
        self.submit.run(["ip", "link", *words], check=True)


class Cable:
    """The cable between a pilot and the bridge."""

    def __init__(self, network: Network, plug: str, address: str) -> None:
        self.address = address
        self._network = network
        self._plug = plug

    def cut(self) -> None:
        """Take the link down: packets are lost, and nobody is told."""
        self._network._link("set", self._plug, "down")

    def mend(self) -> None:
        """Take the link up again."""
        self._network._link("set", self._plug, "up")
