"""Python's websockets in both roles, spoken to in lines of JSON (see python.mjs).

Server: python_peer.py server OPTIONS
Client: python_peer.py client OPTIONS
"""

import asyncio
import base64
import http
import json
import ssl
import sys
import urllib.parse

import websockets
from websockets.extensions import permessage_deflate

PING = "are you there?"
TIGHT = {
    "server_no_context_takeover": True,
    "client_no_context_takeover": True,
    "server_max_window_bits": 9,
    "client_max_window_bits": 9,
}


def tell(**line):
    print(json.dumps(line), flush=True)


def encode(message):
    if isinstance(message, str):
        return {"text": message}
    return {"binary": base64.b64encode(message).decode()}


def decode(line):
    return line["text"] if "text" in line else base64.b64decode(line["binary"])


def cut(message):
    third = len(message) // 3
    return [message[:third], message[third : 2 * third], message[2 * third :]]


def common(options, factory):
    deflate = options["deflate"]
    return {
        "compression": "deflate" if deflate == "on" else None,
        "extensions": [factory(**TIGHT)] if deflate == "tight" else None,
        "max_size": None,
        "ping_interval": None,
    }


def negotiated(socket):
    names = [extension.name for extension in socket.extensions]
    return {"subprotocol": socket.subprotocol or "", "deflate": "permessage-deflate" in names}


def ending(socket):
    return {"code": socket.close_code, "reason": socket.close_reason}


async def answer(socket):
    path = urllib.parse.urlsplit(socket.path).path
    if path == "/ping":
        await (await socket.ping(PING))
        await socket.send(PING)
    async for message in socket:
        if path == "/close":
            code, reason = message.split(" ", 1)
            await socket.close(int(code), reason)
        elif path == "/fragments":
            await socket.send(cut(message))
        else:
            await socket.send(message)


async def handle(socket):
    try:
        await answer(socket)
    except websockets.ConnectionClosed:
        pass
    await socket.wait_closed()
    tell(target=socket.path, **ending(socket), **negotiated(socket))


async def refuse(path, _headers):
    if urllib.parse.urlsplit(path).path == "/refuse":
        return http.HTTPStatus.FORBIDDEN, [], b"no"
    return None


async def serve(options, commands):
    context = None
    if options["cert"] is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])
    server = await websockets.serve(
        handle,
        "127.0.0.1",
        0,
        ssl=context,
        subprotocols=[options["subprotocol"]],
        process_request=refuse,
        **common(options, permessage_deflate.ServerPerMessageDeflateFactory),
    )
    tell(port=server.sockets[0].getsockname()[1])
    await commands.read()  # to its end


async def connect(options, url, subprotocols):
    context = None
    if options["ca"] is not None:
        context = ssl.create_default_context(cafile=options["ca"])
    try:
        return await websockets.connect(
            url,
            ssl=context,
            subprotocols=subprotocols,
            **common(options, permessage_deflate.ClientPerMessageDeflateFactory),
        )
    except websockets.InvalidStatusCode as error:
        return error.status_code


async def perform(sockets, options, command):
    """Does one command; returns what to tell."""
    name = command["do"]
    if name == "open":
        opened = await connect(options, command["url"], command["subprotocols"])
        if isinstance(opened, int):
            return {"status": opened}
        sockets[command["id"]] = opened
        return negotiated(opened)
    socket = sockets[command["socket"]]
    if name == "send":
        await socket.send(decode(command))
    elif name == "sendPieces":
        await socket.send(cut(decode(command)))
    elif name == "ping":
        await (await socket.ping(command["payload"]))
    elif name == "receive":
        return encode(await socket.recv())
    elif name == "close":
        await socket.close(command["code"], command["reason"])
    elif name == "closed":
        await socket.wait_closed()
        return ending(socket)
    return {}


async def run(sockets, options, command):
    try:
        tell(id=command["id"], **await perform(sockets, options, command))
    except Exception as error:  # every failure is told, and fails the cell
        tell(id=command["id"], error=f"{type(error).__name__}: {error}")


async def client(options, commands):
    sockets = {}
    tasks = set()
    while line := await commands.readline():
        task = asyncio.create_task(run(sockets, options, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def main():
    commands = asyncio.StreamReader(limit=2**26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    role, options = sys.argv[1], json.loads(sys.argv[2])
    await (serve if role == "server" else client)(options, commands)


asyncio.run(main())
