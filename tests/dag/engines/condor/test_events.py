"""The event logs of HTCondor, as it writes them, tell how each job and the DAG came on."""

import pytest

from utils.dag.engines.condor.events import DagLog, NodeLog

pytest.importorskip("htcondor", reason="HTCondor's bindings are for Linux")
pytestmark = pytest.mark.filterwarnings("ignore:Neither the environment variable:UserWarning")

HOST = "<10.77.0.2:9618?addrs=10.77.0.2-9618&alias=north.lab&noUDP&sock=startd_24_0a5c>"
USAGE = """\
\t\tUsr 0 00:00:05, Sys 0 00:00:01  -  Run Remote Usage
\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage
"""
TOTAL = """\
\t\tUsr 0 00:01:05, Sys 0 00:00:01  -  Total Remote Usage
\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Total Local Usage
"""
RESOURCES = """\
\tPartitionable Resources :    Usage  Request Allocated
\t   Cpus                 :     0.44        2         2
\t   Memory (MB)          :   119        3000      3072
"""
BYTES = "\t1077440  -  Run Bytes Sent By Job\n\t1274814  -  Run Bytes Received By Job\n"


class Log:
    """Writes an event log, a second after the other unless told otherwise."""

    def __init__(self, path):
        self.path, self.second = path, 0

    def write(self, number, what, *, cluster=7, after=1):
        self.second += after
        minutes, seconds = divmod(self.second, 60)
        with open(self.path, "a") as file:
            stamp = f"2026-11-23 01:{minutes:02}:{seconds:02}"
            file.write(f"{number:03} ({cluster:03}.000.000) {stamp} {what}\n...\n")

    def submit(self, node="train", **where):
        self.write(0, f"Job submitted from host: {HOST}\n    DAG Node: {node}", **where)

    def execute(self, slot="slot1_1@north.lab", **where):
        self.write(1, f"Job executing on host: {HOST}\n\tSlotName: {slot}\n\tCpus = 2", **where)

    def terminate(self, how="(1) Normal termination (return value 0)", **where):
        words = f"Job terminated.\n\t{how}\n{USAGE}{TOTAL}{BYTES}{RESOURCES}"
        self.write(5, words.rstrip("\n"), **where)

    def evict(self, **where):
        words = f"Job was evicted.\n\t(0) CPU times\n{USAGE}{BYTES}"
        self.write(4, words.rstrip("\n"), **where)


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "nodes.log")


@pytest.fixture
def nodes(log):
    return NodeLog(log.path, ["split", "train"])


def test_before_there_is_a_log_every_job_waits(nodes):
    assert nodes.read() == []
    assert {node.state for node in nodes.nodes.values()} == {"waiting"}


def test_a_job_is_followed_from_the_queue_to_its_end(log, nodes):
    node = nodes.nodes["train"]
    log.submit()
    assert [event[:2] for event in nodes.read()] == [("train", "SUBMIT")]
    assert (node.state, node.tries, node.cluster) == ("idle", 1, 7)
    log.execute()
    nodes.read()
    assert (node.state, node.hosts) == ("running", ["slot1_1@north.lab"])
    log.terminate(after=20)
    nodes.read()
    assert (node.state, node.exit_code, node.reason) == ("done", 0, "")
    assert (node.seconds, node.cpu_seconds, node.peak_mib) == (20, 66, 119)
    assert nodes.read() == []


def test_a_clock_that_is_set_back_takes_no_time_away(log, nodes):
    log.submit()
    log.execute(after=100)
    log.terminate(after=-60)
    nodes.read()
    assert nodes.nodes["train"].seconds == 0


def test_each_job_has_its_own_state(log, nodes):
    log.submit("split", cluster=8)
    log.submit("train", cluster=9)
    log.execute(cluster=9)
    nodes.read()
    assert [nodes.nodes[name].state for name in ("split", "train")] == ["idle", "running"]


def test_a_job_that_is_not_of_the_workflow_is_no_business_of_ours(log, nodes):
    log.submit("somebody_elses")
    log.execute()
    assert nodes.read() == []


@pytest.mark.parametrize(
    ("how", "code", "reason"),
    [
        ("(1) Normal termination (return value 2)", 2, "ended with exit code 2"),
        ("(0) Abnormal termination (signal 9)\n\t(0) No core file", -9, "was ended by signal 9"),
    ],
)
def test_a_failed_try_says_how_it_ended(log, nodes, how, code, reason):
    log.submit(), log.execute(), log.terminate(how)
    nodes.read()
    node = nodes.nodes["train"]
    assert (node.state, node.exit_code, node.reason) == ("failed", code, reason)


def test_a_second_try_counts_and_runs_on(log, nodes):
    log.submit(), log.execute(), log.terminate("(1) Normal termination (return value 1)", after=5)
    log.submit(cluster=12), log.execute("slot1_1@south.lab", cluster=12)
    log.terminate(cluster=12, after=10)
    nodes.read()
    node = nodes.nodes["train"]
    assert (node.state, node.tries, node.cluster, node.seconds) == ("done", 2, 12, 15)
    assert node.hosts == ["slot1_1@north.lab", "slot1_1@south.lab"]


def test_what_came_meanwhile_is_told_as_it_was_then(log, nodes):
    """One look sees a try that failed and the next, which was done: the first was not done."""
    log.submit(), log.execute(), log.terminate("(1) Normal termination (return value 1)")
    log.submit(cluster=12), log.execute("slot1_1@south.lab", cluster=12), log.terminate(cluster=12)
    seen = nodes.read()
    assert [node.state for _, kind, node in seen if kind == "JOB_TERMINATED"] == ["failed", "done"]
    assert [node.hosts[-1][8:] for _, kind, node in seen if kind == "EXECUTE"] == [
        "north.lab",
        "south.lab",
    ]


def test_the_end_of_a_try_that_was_removed_is_not_that_of_the_next(log, nodes):
    """Who resumes a run at once finds its last jobs still ending."""
    node = nodes.nodes["train"]
    log.submit(), log.execute()
    log.submit(cluster=12, after=10), log.execute(cluster=12)
    log.write(9, "Job was aborted.\n\tvia condor_rm (by user submitter)", cluster=7)
    nodes.read()
    assert (node.state, node.reason, node.seconds, node.starts) == ("running", "", 10, 2)


def test_an_evicted_job_goes_on_elsewhere(log, nodes):
    node = nodes.nodes["train"]
    log.submit(), log.execute(), log.evict(after=30)
    nodes.read()
    assert (node.state, node.seconds) == ("idle", 30)
    log.execute("slot1_1@south.lab"), log.terminate(after=4)
    nodes.read()
    assert (node.state, node.tries, node.starts, node.seconds) == ("done", 1, 2, 34)


def test_an_error_of_the_node_is_the_reason_of_the_eviction_after_it(log, nodes):
    log.submit(), log.execute()
    what = "Singularity test failed: no such image"
    log.write(21, f"Error from starter on slot1_1@north.lab:\n\t{what}\n\tCode 0 Subcode 0")
    log.evict()
    nodes.read()
    assert (nodes.nodes["train"].state, nodes.nodes["train"].reason) == ("idle", what)


def test_time_on_a_lost_node_counts_until_it_is_given_up(log, nodes):
    node = nodes.nodes["train"]
    log.submit(), log.execute()
    lost = "lease expired\n    Can not reconnect to slot1_1@north.lab, rescheduling job"
    log.write(24, f"Job reconnection failed\n    {lost}", after=60)
    nodes.read()
    assert (node.state, node.seconds) == ("idle", 60)
    log.evict(after=10)
    nodes.read()
    assert node.seconds == 60


def test_a_held_job_that_is_removed_says_why_it_was_held(log, nodes):
    node = nodes.nodes["train"]
    log.submit(), log.execute()
    log.write(12, "Job was held.\n\tno such file out.json\n\tCode 12 Subcode 2")
    nodes.read()
    assert (node.state, node.reason) == ("held", "was held: no such file out.json")
    log.write(9, "Job was aborted.\n\tThe job attribute PeriodicRemove expression was true")
    nodes.read()
    assert (node.state, node.reason) == ("failed", "was held: no such file out.json")


def test_a_released_job_waits_again(log, nodes):
    log.submit(), log.execute()
    log.write(12, "Job was held.\n\tno such file\n\tCode 12 Subcode 2")
    log.write(13, "Job was released.\n\tThe job attribute PeriodicRelease was true")
    nodes.read()
    assert nodes.nodes["train"].state == "idle"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "planned"),
        (["submit"], "running"),
        (["submit", "execute", "terminate"], "done"),
        # A submit host that was down: the schedd starts DAGMan again.
        (["submit", "execute", "evict", "execute"], "running"),
    ],
)
def test_the_dag_is_what_its_own_log_says(log, events, state):
    for event in events:
        getattr(log, event)()
    assert DagLog(log.path).read() == state


def test_a_dag_that_ends_with_a_rescue_file_failed_and_one_removed_was_stopped(log):
    log.submit(), log.execute(), log.terminate("(1) Normal termination (return value 1)")
    dag = DagLog(log.path)
    assert dag.read() == "failed"
    log.submit(cluster=20)
    assert dag.read() == "running"
    log.write(9, "Job was aborted.\n\tvia condor_rm (by user submitter)", cluster=20)
    assert dag.read() == "stopped"
