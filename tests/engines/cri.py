#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# cri.py METHOD [JSON]: one call of containerd's CRI plugin, as the kubelet makes it; the answer is printed as JSON.
# Debian has no client of the CRI, so this speaks gRPC over HTTP/2 itself, with the few messages that the tests need.
import json
import socket
import sys

import h2.config
import h2.connection
import h2.events

# name: (number, what it is); what it is: str, int, a message's table, or a list of one of them.
NAMESPACES = {"network": (1, int), "pid": (2, int), "ipc": (3, int)}
CAPABILITIES = {"add_capabilities": (1, [str]), "drop_capabilities": (2, [str])}
SANDBOX_SECURITY = {"namespace_options": (1, NAMESPACES)}
SANDBOX_LINUX = {"cgroup_parent": (1, str), "security_context": (2, SANDBOX_SECURITY)}
METADATA = {"name": (1, str), "uid": (2, str), "namespace": (3, str)}
SANDBOX = {"metadata": (1, METADATA), "hostname": (2, str), "log_directory": (3, str), "linux": (8, SANDBOX_LINUX)}
RESOURCES = {"cpu_period": (1, int), "cpu_quota": (2, int), "cpu_shares": (3, int), "memory_limit_in_bytes": (4, int)}
SECURITY = {"capabilities": (1, CAPABILITIES), "namespace_options": (3, NAMESPACES)}
CONTAINER = {
    "metadata": (1, {"name": (1, str)}), "image": (2, {"image": (1, str)}), "command": (3, [str]), "log_path": (11, str),
    "linux": (15, {"resources": (1, RESOURCES), "security_context": (2, SECURITY)}),
}
POD_ID = {"pod_sandbox_id": (1, str)}
CONTAINER_ID = {"container_id": (1, str)}
METHODS = {  # name: (request, response)
    "RunPodSandbox": ({"config": (1, SANDBOX), "runtime_handler": (2, str)}, POD_ID),
    "StopPodSandbox": (POD_ID, {}),
    "RemovePodSandbox": (POD_ID, {}),
    "CreateContainer": ({**POD_ID, "config": (2, CONTAINER), "sandbox_config": (3, SANDBOX)}, CONTAINER_ID),
    "StartContainer": (CONTAINER_ID, {}),
    "StopContainer": ({**CONTAINER_ID, "timeout": (2, int)}, {}),
    "RemoveContainer": (CONTAINER_ID, {}),
    "UpdateContainerResources": ({**CONTAINER_ID, "linux": (2, RESOURCES)}, {}),
    "ContainerStatus": (CONTAINER_ID, {"status": (1, {"state": (3, int), "exit_code": (7, int), "reason": (10, str)})}),
    "ExecSync": ({**CONTAINER_ID, "cmd": (2, [str])}, {"stdout": (1, str), "stderr": (2, str), "exit_code": (3, int)}),
}


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def encode(table, values):
    out = b""
    for name, value in values.items():
        number, kind = table[name]
        for v in value if isinstance(kind, list) else [value]:
            k = kind[0] if isinstance(kind, list) else kind
            if k is int:
                out += varint(number << 3) + varint(v & (1 << 64) - 1)
            else:
                v = v.encode() if k is str else encode(k, v)
                out += varint(number << 3 | 2) + varint(len(v)) + v
    return out


def read_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return n, at


def decode(table, data):
    names = {number: (name, kind) for name, (number, kind) in table.items()}
    out = {name: 0 for name, (_, kind) in table.items() if kind is int}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        name, kind = names.get(key >> 3, (None, None))
        if name:
            out[name] = value if kind is int else value.decode() if kind is str else decode(kind, value)
    return out


def call(method, message):
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(200)
        s.connect("/run/containerd/containerd.sock")
        connection.initiate_connection()
        connection.send_headers(1, [
            (":method", "POST"), (":scheme", "http"), (":path", "/runtime.v1.RuntimeService/" + method),
            (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers")])
        connection.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        body, headers = b"", {}
        while True:
            s.sendall(connection.data_to_send())
            for event in connection.receive_data(s.recv(65536)):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    headers.update(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    return headers, body[5:]


request, response = METHODS[sys.argv[1]]
headers, answer = call(sys.argv[1], encode(request, json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}")))
if headers.get("grpc-status") != "0":
    sys.exit("%s: %s" % (sys.argv[1], headers.get("grpc-message", "no answer")))
print(json.dumps(decode(response, answer)))
