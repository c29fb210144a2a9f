"""python3 router.py DEVICE PREFIX: a router advertisement for PREFIX/64 every 0.3 s, from the kernel's link-local address."""
import socket
import struct
import sys
import time

device, prefix = sys.argv[1], sys.argv[2]
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
index = socket.if_nametoindex(device)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
head = struct.pack("!BBHBBHII", 134, 0, 0, 61, 0, 1800, 0, 0)
mtu = struct.pack("!BBHI", 5, 1, 0, 1400)
option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + socket.inet_pton(socket.AF_INET6, prefix)
print("{\"ready\": true}", flush=True)
while True:
    s.sendto(head + mtu + option, ("ff02::1", 0, 0, index))
    time.sleep(0.3)
