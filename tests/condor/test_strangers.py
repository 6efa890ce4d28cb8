"""Who has no token, another pool's, or a token for another purpose gets nothing done in the pool.

What a stranger says of himself in his own configuration must not matter: he is tried with several.
"""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import time

import pytest

from tests.condor.jobs import Job
from tests.condor.pool import Pool
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("pool")

PLAIN: dict[str, str] = {}
UNAUTHENTICATED = {
    f"SEC_{where}_{what}": "NEVER"
    for where in ("CLIENT", "DEFAULT")
    for what in ("AUTHENTICATION", "ENCRYPTION", "INTEGRITY")
}
REFUSED = re.compile(
    r"DENIED|not permitted|ermission denied|Failed to authenticate|command authorization|"
    r"failed to send classad|securely"
)
CLAIMING = {
    "SEC_CLIENT_AUTHENTICATION_METHODS": "CLAIMTOBE, ANONYMOUS",
    "SEC_DEFAULT_AUTHENTICATION_METHODS": "CLAIMTOBE, ANONYMOUS",
    "SEC_CLAIMTOBE_USER": "submitter",
}
AD = 'MyType = "{kind}"\nName = "strange"\nMachine = "strange"\nMyAddress = "<10.77.0.99:1>"\n'
SUBMIT = "executable = /bin/true\ntransfer_executable = false\n{more}queue\n"


def token(issuer: str = "lab", identity: str = "pilot@lab") -> str:
    """A token as another pool makes it: well formed, signed by another key of the same name."""
    head = {"alg": "HS256", "kid": "POOL"}
    body = {"iat": int(time.time()), "iss": issuer, "jti": "0" * 32, "sub": identity}
    parts = [_base64(json.dumps(part).encode()) for part in (head, body)]
    signed = hmac.new(bytes(32), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64(signed)])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def known(pool: Pool) -> tuple[list[str], list[str]]:
    """Return what the collector lists by the name that strangers take, and all jobs.

    The collector forgets a submitter some time after the last job: his row says nothing here.
    """
    listed = pool.run(["condor_status", "-any", "-af", "MyType", "Name"], check=True).stdout
    queued = pool.run(["condor_q", "-all", "-af", "ClusterId", "JobStatus", "Foo"], check=True)
    strange = [line for line in listed.splitlines() if line.split()[-1:] == ["strange"]]
    return sorted(strange), sorted(queued.stdout.splitlines())


@pytest.fixture(scope="module")
def job(pool):
    """A job of the submitter's, which waits."""
    job = Job(pool, "coveted", "print(1)", annex="nowhere")
    yield job
    job.remove()


@pytest.fixture(scope="module")
def schedd(pool):
    """The address of the queue, which need not be asked for."""
    return pool.run(["condor_status", "-schedd", "-af", "MyAddress"], check=True).stdout.strip()


def attempts(schedd: str, job: Job) -> list[list[str]]:
    """What a stranger may want to do from afar."""
    number = job.id.split(".")[0]
    return [
        ["condor_submit", "-addr", schedd, "strange.sub"],
        ["condor_submit", "-addr", schedd, "posing.sub"],
        ["condor_rm", "-addr", schedd, number],
        ["condor_hold", "-addr", schedd, number],
        ["condor_advertise", "-tcp", "UPDATE_SCHEDD_AD", "scheduler.ad"],
        ["condor_advertise", "-tcp", "INVALIDATE_SCHEDD_ADS", "query.ad"],
        ["condor_off", "-addr", schedd.replace("=schedd_", "=master_")],
    ]


def assert_refused(done: subprocess.CompletedProcess) -> None:
    """It failed, and because it may not be done, not for some slip of ours."""
    told = done.stdout + done.stderr
    assert done.returncode != 0 and REFUSED.search(told), (done.args, told)


def files(pilot) -> None:
    """Put what the attempts send where they run."""
    for name, text in (
        ("strange.sub", SUBMIT.format(more="")),
        ("posing.sub", SUBMIT.format(more='My.Owner = "submitter"\n')),
        ("scheduler.ad", AD.format(kind="Scheduler")),
        ("machine.ad", AD.format(kind="Machine")),
        ("query.ad", 'MyType = "Query"\nTargetType = "Scheduler"\nRequirements = true\n'),
    ):
        (pilot.folder / name).write_text(text)


def test_a_startd_without_a_good_token_never_shows(pool):
    head, body, signature = pool.token.strip().split(".")
    shown = {
        "none": "",
        "forged": ".".join([head, body, signature[::-1]]),
        "other-key": token(),
        "other-pool": token("elsewhere", "pilot@elsewhere"),
    }
    pilots = [pool.start_pilot(name, token=text, wait=0) for name, text in shown.items()]
    try:
        for pilot in pilots:
            until(lambda address=pilot.address: refused(pool, address))
        time.sleep(6)  # another round of their updates
        for pilot in pilots:
            assert pilot.alive() and not pool.listed(pilot), pilot.name
        listed = pool.run(["condor_status", "-any", "-af", "Name", "MyAddress"], check=True).stdout
        assert not [pilot.name for pilot in pilots if pilot.address in listed]
    finally:
        for pilot in pilots:
            pilot.kill()


def refused(pool: Pool, address: str) -> bool:
    """Tell whether the collector has refused to authenticate somebody at an address."""
    lines = pool.submit_host_log("CollectorLog").splitlines()
    return any("DC_AUTHENTICATE" in line and address in line for line in lines)


@pytest.mark.parametrize("settings", [PLAIN, UNAUTHENTICATED, CLAIMING], ids=["plain", "no", "as"])
def test_without_a_token_nothing_is_changed_from_afar(pool, schedd, job, settings):
    before = known(pool)
    with pool.start_pilot("nobody", token="", wait=0) as pilot:
        files(pilot)
        for attempt in [
            *attempts(schedd, job),
            ["condor_advertise", "-tcp", "UPDATE_STARTD_AD", "machine.ad"],
        ]:
            assert_refused(pilot.run(attempt, **settings))
        asked = [pilot.run(["condor_q", "-addr", schedd, "-all"], **settings)]
        asked += [pilot.run(["condor_status"], **settings)]
    # ALLOW_READ = * lets everybody look who asks not to be authenticated, and nobody else.
    assert [not one.returncode for one in asked] == [settings is UNAUTHENTICATED] * 2
    assert known(pool) == before
    assert job.attribute("JobStatus") == "1"


def test_a_pilots_token_lets_it_be_listed_and_no_more(pool, schedd, job):
    before = known(pool)
    with pool.start_pilot("guest", annex="guest", cpus=1) as pilot:
        files(pilot)
        for attempt in attempts(schedd, job):
            assert_refused(pilot.run(attempt))
        rights = pilot.run(["condor_ping", "-addr", schedd, "-table", "READ", "WRITE", "DAEMON"])
        allowed = [line.split()[0] for line in rights.stdout.splitlines() if "ALLOW" in line]
        assert allowed == ["READ"]
        assert (pilot.folder / "tokens.d").stat().st_mode & 0o077 == 0
    assert known(pool) == before


def test_another_user_of_the_submit_host_has_his_own_jobs_only(pool, job):
    before = known(pool)
    number = job.id.split(".")[0]
    posing = SUBMIT.format(more='My.Owner = "submitter"\n')
    (pool.submit.root / "home/stranger/posing.sub").write_text(posing)
    for attempt in (
        ["condor_submit", "posing.sub"],
        ["condor_off"],
        ["condor_token_create", "-identity", "submitter@lab"],
        ["cat", "/etc/condor/passwords.d/POOL"],
        ["ls", "/etc/condor/tokens.d"],
    ):
        assert_refused(pool.run(attempt, user="stranger", timeout=300))
    changes = (["condor_qedit", number, "Foo", "1"], ["condor_hold", number], ["condor_rm", number])
    for change in changes:  # which say that there is no such job, and may exit with 0
        pool.run(change, user="stranger", timeout=300)
        assert known(pool) == before, change
    for change in changes[:2]:
        pool.run(change, check=True, timeout=300)
        assert known(pool) != before, f"{change} changes nothing even where it may"
        before = known(pool)
