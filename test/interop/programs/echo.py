"""python3 echo.py PEER SIZE: three echo requests from the kernel, which cuts and reassembles by itself. Prints the replies that match."""
import socket
import struct
import sys

peer, size = sys.argv[1], int(sys.argv[2])
six = ":" in peer
family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
s = socket.socket(family, socket.SOCK_RAW, protocol)
s.settimeout(2)


def checksum(b):
    if len(b) % 2:
        b += b"\0"
    total = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


good = 0
for seq in range(3):
    data = bytes((seq + i * 7) & 255 for i in range(size))
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 0x4242, seq)
    if not six:
        head = struct.pack("!BBHHH", 8, 0, checksum(head + data), 0x4242, seq)
    s.sendto(head + data, (peer, 0))
    try:
        while True:
            got = s.recv(70000)
            icmp = got if six else got[(got[0] & 15) * 4 :]
            if icmp[0] == (129 if six else 0) and icmp[4:8] == head[4:8]:
                good += icmp[8:] == data
                break
    except socket.timeout:
        pass
print(good)
