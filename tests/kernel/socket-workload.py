# `python3 socket-workload.py FOLDER`: connects, binds, sends and receives with known addresses. Prints its process ID and its ports.
import json
import os
import socket
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

try:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).accept()
except OSError:
    pass
print(json.dumps({"pid": os.getpid(), **ports}))
sys.stdout.flush()
os._exit(0)
