"""python3 fast-open.py server ADDRESS PORT | client ADDRESS PORT COUNT: Fast Open of the kernel, which node:net cannot ask for.

The server answers each request with it, and with whether its text came with the SYN (TCPI_OPT_SYN_DATA). The client sends
COUNT requests one after the other and prints for each whether the SYN's text was acknowledged, and the answer.
"""
import socket
import sys

TCP_FASTOPEN = 23
TCPI_OPTIONS = 5
TCPI_OPT_SYN_DATA = 32


def early(s):
    return bool(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[TCPI_OPTIONS] & TCPI_OPT_SYN_DATA)


role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
if role == "server":
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    s.listen(16)
    print('{"ready":true}', flush=True)
    while True:
        c, _ = s.accept()
        got = c.recv(65536)
        c.sendall(("%d " % early(c)).encode() + got)
        c.close()
for _ in range(int(sys.argv[4])):
    c = socket.socket(family, socket.SOCK_STREAM)
    c.sendto(b"GET", socket.MSG_FASTOPEN, (address, port))
    answer = b""
    while True:
        got = c.recv(65536)
        if not got:
            break
        answer += got
    print("%d %s" % (early(c), answer.decode()), flush=True)
    c.close()
