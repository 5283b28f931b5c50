"""Facts about machines of different versions: old and new programs in one fleet."""

import asyncio
import json

from broker import until
from lockout import three_hosts
from traffic import ERRORS
from verdict import counted
from wire import at, messages


def publish(world, subject, message):
    """Publishes as some other machine."""
    body = json.dumps(message).encode()

    async def act(wire):
        answer = json.loads(await asyncio.wait_for(wire.ask(subject, body, {"Nats-Msg-Id": message["machine"]}), 10))
        assert "error" not in answer, answer
    at(world.broker.nodes[0].address, act)


def a_message(world):
    """What an agent published last: its subject and itself."""
    found = at(world.broker.nodes[0].address, lambda wire: messages(wire, "OCRWATCH"))
    subject, _, body = next(one for one in found if json.loads(one[2]).get("finds"))
    return subject, json.loads(body)


def as_of(message, machine):
    return {**message, "machine": machine, "life": f"{machine}-1", "number": 1}


def a_message_with_fields_that_this_version_does_not_know_is_taken(world):
    logs, _, [world.watch] = three_hosts(world)
    logs[0].error(*ERRORS[0])
    until("it is counted", lambda: sum(counted(world.watch).values()) == 1)
    subject, message = a_message(world)
    newer = as_of(message, "newer")
    newer["colour"] = {"of": ["the future"]}
    newer["finds"][0]["error"]["mood"] = "fine"
    newer["source"]["shape"] = 3
    publish(world, subject, newer)
    until("it is counted", lambda: counted(world.watch)["newer", *ERRORS[0][:2]] == 1)


def a_message_of_a_newer_form_is_not_taken_and_that_is_said_and_counted(world):
    subject, message = a_message(world)
    publish(world, subject, {**as_of(message, "far"), "v": 2})
    until("it is said", lambda: world.watch.said("newer ocrwatch"))
    publish(world, subject, as_of(message, "near"))
    until("what comes behind it is counted", lambda: counted(world.watch)["near", *ERRORS[0][:2]] == 1)
    assert counted(world.watch)["far", *ERRORS[0][:2]] == 0
    assert world.watch.total("ocrwatch_fleet_messages_total", 'fate="newer"') == 1, "it is not counted"


def what_no_machine_of_the_fleet_wrote_harms_nothing(world):
    subject, message = a_message(world)
    wrong = {**as_of(message, "wrong"), "finds": [{"error": {"code": ["\u0007" * 40]}}]}
    publish(world, subject, wrong)
    publish(world, subject, {**as_of(message, "wrong-2"), "number": "\x1b[31m"})
    publish(world, "ocrwatch.v1.a.b.0", as_of(message, "wrong-3"))
    publish(world, subject, as_of(message, "right"))
    until("what comes behind it is counted", lambda: counted(world.watch)["right", *ERRORS[0][:2]] == 1)
    assert world.watch.total("ocrwatch_fleet_messages_total", 'fate="foreign"') >= 2, "they are not counted"
    assert "\x1b" not in world.watch.said() and "\u0007" not in world.watch.said()


VERSIONS = [
    a_message_with_fields_that_this_version_does_not_know_is_taken,
    a_message_of_a_newer_form_is_not_taken_and_that_is_said_and_counted,
    what_no_machine_of_the_fleet_wrote_harms_nothing,
]
