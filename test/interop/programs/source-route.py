"""python3 source-route.py ADDRESS PORT GATEWAY BYTES: a socket of the kernel that names a source route (IP_OPTIONS), sends BYTES and
prints how many came back."""
import socket
import sys

address, port, gateway, size = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 7, 4]) + socket.inet_aton(gateway) + b"\0")
s.settimeout(10)
s.connect((address, port))
s.sendall(b"x" * size)
s.shutdown(socket.SHUT_WR)
back = 0
while True:
    got = s.recv(1 << 16)
    if not got:
        break
    back += len(got)
print(back)
