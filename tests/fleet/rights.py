"""Facts about who may do what at the broker, and what is said to who may not."""

import json
import subprocess

from broker import Broker, until
from logins import Key, certificates, claimed, secret
from member import Member
from traffic import ERRORS, Log, written
from verdict import counted

PUBLISHES = ["ocrwatch.v1.>"]
ANSWERS = ["_INBOX.>"]
# What an aggregator needs beside that: the stream, its consumer, and the lease.
DECIDES = ["$JS.API.>", "$JS.ACK.>", "ocrwatch.lease.>", *PUBLISHES]
# What a report needs: to read the stream by a consumer of its own, and to change nothing.
READS = ["$JS.API.STREAM.INFO.OCRWATCH", "$JS.API.CONSUMER.CREATE.OCRWATCH", "$JS.API.CONSUMER.MSG.NEXT.OCRWATCH.>"]
USERS = {
    "agent": {"publish": PUBLISHES, "subscribe": ANSWERS},
    "watch": {"publish": DECIDES, "subscribe": ANSWERS},
    "report": {"publish": READS, "subscribe": ANSWERS},
    "stranger": {"publish": ["elsewhere.>"], "subscribe": ANSWERS},
}


def users(names_and_words):
    """A broker's table of users, each with the permissions of its name and what it logs in by."""
    lines = [f"{{ {words}, permissions: {json.dumps(USERS[name])} }}" for name, words in names_and_words.items()]
    return "authorization { users: [ " + ", ".join(lines) + " ] }"


def password(world, name, word):
    return f'login = {{ user = "{name}", password = {{ file = "{secret(world.home / f"{name}-{word}", word)}" }} }}'


def fleet(world, access, watch, agent, tls=None):
    """A broker with logins, an aggregator and an agent."""
    world.serve(Broker(world.network, world.home / "broker", ["nats-1"], access))
    world.log = Log(world.home / "logs", "web-1", 1, 10)
    urls = [url.replace("nats://", "tls://") if tls else url for url in world.broker.urls]
    ca = f'ca = "{tls}"\n' if tls else ""
    members = []
    for name, role, log, login in (("watch-1", "aggregator", None, watch), ("web-1", "agent", world.log, agent)):
        member = Member(world, name, role, log)
        member.configure(urls, log, ca + login)
        members.append(member.start())
    return members


def arrives(world, watch):
    world.log.error(*ERRORS[0])
    until("it is counted", lambda: counted(watch)["web-1", *ERRORS[0][:2]] == 1, 20)


def an_agent_needs_no_more_than_to_publish(world):
    world.room()
    access = users({"agent": 'user: agent, password: "one"', "watch": 'user: watch, password: "two"'})
    watch, _ = fleet(world, access, password(world, "watch", "two"), password(world, "agent", "one"))
    arrives(world, watch)


def a_report_needs_no_more_than_to_read_the_stream(world):
    world.room()
    access = users({"agent": 'user: agent, password: "one"', "watch": 'user: watch, password: "two"',
                    "report": 'user: report, password: "three"'})
    watch, agent = fleet(world, access, password(world, "watch", "two"), password(world, "agent", "one"))
    for _ in range(3):
        for error in ERRORS[:3]:
            world.log.error(*error)
    should = written([world.log])
    until("all is counted", lambda: counted(watch) == should, 20)
    # Everything that the stream has, read by who may read, while nobody else is there.
    agent.stop(), watch.stop()
    reader = Member(world, "desk-1", "agent")
    reader.configure(world.broker.urls, fleet=password(world, "report", "three"))
    for _ in range(2):
        done = reported(world, reader)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        by_code = {code["code"]: code["occurrences"] for code in report["codes"]}
        assert by_code == {code: count for (_, _, code), count in should.items()}, by_code
    [file] = [file["name"] for file in report["inputs"]["listed"]]
    assert file == f"web-1:{world.log.path}", file
    reader.configure(world.broker.urls, fleet=password(world, "agent", "one"))
    done = reported(world, reader)
    assert done.returncode == 74 and "the broker refuses: " in done.stderr, done


def reported(world, member):
    """A report from the stream, with the login of a configuration."""
    command = [*world.network.on(member.name), world.program, "report", "--from", str(member.config), "--format", "json", "--quiet"]
    return subprocess.run(command, env=world.environment, capture_output=True, text=True, timeout=60)


def a_wrong_password_is_said_and_its_right_one_taken_without_a_loss(world):
    world.room()
    access = users({"agent": 'user: agent, password: "one"', "watch": 'user: watch, password: "two"'})
    watch, agent = fleet(world, access, password(world, "watch", "two"), password(world, "agent", "wrong"))
    world.log.error(*ERRORS[0])
    until("it is said", lambda: agent.said("does not accept who this is"))
    assert "wrong" not in agent.said().replace("agent-wrong", ""), "the password stands in the log"
    secret(world.home / "agent-wrong", "one")
    until("it is counted", lambda: counted(watch)["web-1", *ERRORS[0][:2]] == 1, 60)


def who_may_not_publish_is_told_so(world):
    world.room()
    access = users({"stranger": 'user: stranger, password: "one"', "watch": 'user: watch, password: "two"'})
    watch, agent = fleet(world, access, password(world, "watch", "two"), password(world, "stranger", "one"))
    world.log.error(*ERRORS[0])
    until("it is said", lambda: agent.said("ermission"))
    assert not counted(watch), counted(watch)


def over_tls_with_an_authority_of_our_own_a_key_is_a_login(world):
    world.room()
    keys = {name: Key(world.home, "user", name) for name in ("agent", "watch")}
    access = users({name: f"nkey: {key.public}" for name, key in keys.items()})
    access += "\n" + certificates(world.home, world.network.host("nats-1"))
    logins = [f'login = {{ nkey = {{ file = "{secret(world.home / f"{name}.nk", keys[name].seed)}" }} }}' for name in ("watch", "agent")]
    watch, _ = fleet(world, access, *logins, tls=world.home / "ca.pem")
    arrives(world, watch)


def a_certificate_of_a_stranger_is_not_believed(world):
    (world.home / "other").mkdir()
    certificates(world.home / "other", "10.9.0.250")
    log = Log(world.home / "logs", "web-9", 9, 10)
    agent = Member(world, log.machine, "agent", log)
    urls = [url.replace("nats://", "tls://") for url in world.broker.urls]
    agent.configure(urls, log, f'ca = "{world.home}/other/ca.pem"')
    agent.start()
    until("it is said", lambda: agent.said("certificate"))


def credentials_that_an_operator_signed_are_a_login(world):
    world.room()
    may = {name: {"pub": {"allow": USERS[name]["publish"]}, "sub": {"allow": USERS[name]["subscribe"]}} for name in ("agent", "watch")}
    access = claimed(world.home, may)
    logins = [f'login = {{ credentials = "{world.home}/{name}.creds" }}' for name in ("watch", "agent")]
    watch, _ = fleet(world, access, *logins)
    arrives(world, watch)


RIGHTS = [
    an_agent_needs_no_more_than_to_publish,
    a_report_needs_no_more_than_to_read_the_stream,
    a_wrong_password_is_said_and_its_right_one_taken_without_a_loss,
    who_may_not_publish_is_told_so,
    over_tls_with_an_authority_of_our_own_a_key_is_a_login,
    a_certificate_of_a_stranger_is_not_believed,
    credentials_that_an_operator_signed_are_a_login,
]
