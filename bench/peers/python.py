"""Python's wsproto, as a worker of its own: `run.mjs --python INTERPRETER`. Speaks the lines of worker.mjs."""

import base64
import json
import sys
import time

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Message, TextMessage


def connect(case):
    server = case["role"] == "server"
    return Connection(ConnectionType.SERVER if server else ConnectionType.CLIENT)


class Parsing:
    def __init__(self, case, messages, chunks):
        self.connection = connect(case)
        self.expected = messages
        self.chunks = chunks
        self.messages = len(messages)

    def run(self):
        whole, pieces = [], []
        for chunk in self.chunks:
            self.connection.receive_data(chunk)
            for event in self.connection.events():
                assert isinstance(event, Message), event
                pieces.append(event.data)
                if event.message_finished:
                    whole.append(pieces[0] if len(pieces) == 1 else type(event.data)().join(pieces))
                    pieces = []
        return whole

    def check(self):
        assert self.run() == self.expected


class Serialising:
    def __init__(self, case, messages):
        self.connection = connect(case)
        self.payloads = messages
        self.peer = connect({"role": "client" if case["role"] == "server" else "server"})
        self.messages = len(messages)

    def run(self):
        send = self.connection.send
        out = []
        for data in self.payloads:
            event = TextMessage(data) if isinstance(data, str) else BytesMessage(data)
            out.append(send(event))
        return out

    def check(self):
        reader = Parsing.__new__(Parsing)
        reader.connection, reader.chunks = self.peer, self.run()
        assert Parsing.run(reader) == self.payloads


def prepare(case, given):
    messages = [base64.b64decode(data) for data in given["messages"]]
    if case["kind"] != "binary":
        messages = [data.decode() for data in messages]
    if case["direction"] == "parse":
        batch = Parsing(case, messages, [base64.b64decode(chunk) for chunk in given["chunks"]])
    else:
        batch = Serialising(case, messages)
    batch.check()
    return batch


def measure(batch, microseconds):
    cpu = wall = messages = 0
    while cpu < microseconds * 1000:
        wall_before, cpu_before = time.perf_counter_ns(), time.process_time_ns()
        batch.run()
        cpu += time.process_time_ns() - cpu_before
        wall += time.perf_counter_ns() - wall_before
        messages += batch.messages
    return {"cpu": cpu / messages, "wall": wall / messages}


def main():
    batches = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] == "prepare":
            case = request["testCase"]
            batches[case["id"]] = prepare(case, request["input"])
            answer = {}
        else:
            answer = measure(batches[request["id"]], request["microseconds"])
        print(json.dumps(answer), flush=True)


main()
