"""python3 echo-route.py ADDRESS GATEWAY BYTES: pings ADDRESS once by a loose source route over GATEWAY (IP_OPTIONS) with BYTES of data, and
prints what came back: how many bytes of data, whether they are the same, and by which source route (hex)."""
import socket
import struct
import sys

address, gateway, size = sys.argv[1], sys.argv[2], int(sys.argv[3])


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([131, 7, 4]) + socket.inet_aton(gateway) + b"\0")
s.settimeout(3)
data = bytes(n & 255 for n in range(size))
head = struct.pack("!BBHHH", 8, 0, 0, 4711, 1)
s.sendto(struct.pack("!BBHHH", 8, 0, checksum(head + data), 4711, 1) + data, (address, 0))
while True:
    packet = s.recv(65535)
    header = (packet[0] & 15) * 4
    kind, _, _, ident, _ = struct.unpack("!BBHHH", packet[header : header + 8])
    if kind == 0 and ident == 4711:
        break
print(len(packet) - header - 8, packet[header + 8 :] == data, packet[20:header].hex())
