"""python3 out-of-band.py receive ADDRESS PORT inline|out-of-band | send ADDRESS PORT: urgent data of the kernel's sockets.

The receiver takes one connection and prints what came: its text, and the octets that came out of band. The sender sends
what out-of-band.mjs sends, too.
"""
import json
import select
import socket
import sys
import time

SENT = [("ab", False), ("c!", True), ("de", False), ("?", True), ("f", False), ("gh#", True)]


def receive(c):
    text, octets = b"", []
    c.setblocking(False)
    urgent = select.POLLPRI
    while True:
        poll = select.poll()
        poll.register(c, select.POLLIN | urgent)
        for _, event in poll.poll():
            if event & select.POLLPRI:
                try:
                    octets += [o.decode() for o in [c.recv(1, socket.MSG_OOB)] if o]
                except OSError:
                    urgent = 0  # announced and not here yet, or inline: POLLPRI would come again and again
            try:
                got = c.recv(65536)
            except BlockingIOError:
                continue
            urgent = select.POLLPRI if not inline else 0
            text += got
            if not got:
                return {"text": text.decode(), "octets": octets}


role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
if role == "send":
    s.connect((address, port))
    for part, urgent in SENT:
        s.send(part.encode(), socket.MSG_OOB if urgent else 0)
        time.sleep(0.05)
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
else:
    inline = sys.argv[4] == "inline"
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, int(inline))
    s.bind((address, port))
    s.listen(16)
    print('{"ready":true}', flush=True)
    while True:
        c, _ = s.accept()
        print(json.dumps({"came": receive(c)}), flush=True)
        c.close()
