# `python3 socket-workload.py FOLDER`: connects, binds, sends and receives with known addresses. Prints its process ID and its ports.
import ctypes
import json
import os
import socket
import struct
import sys

folder = sys.argv[1]
ports = {}
# Sockets that end would be asked for their names.
kept = []


def stream(family, address):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind(address)
    server.listen()
    client = socket.socket(family, socket.SOCK_STREAM)
    client.connect(server.getsockname())
    accepted, _ = server.accept()
    accepted.getpeername()
    kept.extend([server, client, accepted])
    return server.getsockname(), client.getsockname()


server, client = stream(socket.AF_INET, ("127.0.0.1", 0))
ports["v4"], ports["v4client"] = server[1], client[1]
server, client = stream(socket.AF_INET6, ("::1", 0))
ports["v6"], ports["v6client"] = server[1], client[1]
stream(socket.AF_UNIX, os.path.join(folder, "socket"))
stream(socket.AF_UNIX, "\0sonde-abstract")

one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("127.0.0.1", 0))
two.bind(("127.0.0.1", 0))
ports["one"], ports["two"] = one.getsockname()[1], two.getsockname()[1]
one.sendto(b"datagram", two.getsockname())
two.recvfrom(100)
# No address at all.
one.connect(two.getsockname())
one.send(b"datagram")


def datagram(family, address):
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind(address)
    kept.append(made)
    return made


for name, family, address in [
    ("message4", socket.AF_INET, ("127.0.0.1", 0)),
    ("message6", socket.AF_INET6, ("::1", 0)),
]:
    sender, receiver = datagram(family, address), datagram(family, address)
    ports[name], ports[name + "to"] = sender.getsockname()[1], receiver.getsockname()[1]
    sender.sendmsg([b"message"], [], 0, receiver.getsockname())
    receiver.recvmsg(100)
    # An address, then none: of the same thread, and the same call.
    sender.connect(receiver.getsockname())
    sender.sendmsg([b"message"])
left, right = datagram(socket.AF_UNIX, folder + "/left"), datagram(socket.AF_UNIX, folder + "/right")
left.sendmsg([b"message"], [], 0, folder + "/right")
right.recvmsg(100)
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
kept.extend([left, right])
left.sendmsg([b"message"])
# There is room for an address, and none.
right.recvmsg(100)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("padding", ctypes.c_int),
        ("result", ctypes.c_uint32),
    ]


libc = ctypes.CDLL(None, use_errno=True)
sender = datagram(socket.AF_INET, ("127.0.0.1", 0))
receiver = datagram(socket.AF_INET, ("127.0.0.1", 0))
ports["many"], ports["manyto"] = sender.getsockname()[1], receiver.getsockname()[1]
vector = Vector(b"message", 7)


def message(name, room):
    return Message(name, room, ctypes.pointer(vector), 1, None, 0, 0, 0, 0)


to = struct.pack("=H", 2) + struct.pack("!H", ports["manyto"]) + bytes([127, 0, 0, 1]) + bytes(8)
libc.sendmmsg(sender.fileno(), (Message * 2)(message(to, 16), message(to, 16)), 2, 0)
# In the second round there is room for the family and the port: what follows in memory does not belong to the address.
for room in (16, 4):
    name = ctypes.create_string_buffer(b"\xff" * 16)
    one_message = message(ctypes.cast(name, ctypes.c_char_p), room)
    libc.recvmmsg(receiver.fileno(), ctypes.byref(one_message), 1, 0, None)
    length = ctypes.c_uint32(room)
    name = ctypes.create_string_buffer(b"\xff" * 16)
    sender.sendto(b"datagram", receiver.getsockname())
    libc.recvfrom(receiver.fileno(), ctypes.create_string_buffer(100), 100, 0, name, ctypes.byref(length))

try:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).accept()
except OSError:
    pass
print(json.dumps({"pid": os.getpid(), **ports}))
sys.stdout.flush()
os._exit(0)
