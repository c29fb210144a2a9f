"""A VLAN interface for kernels without one (CONFIG_VLAN_8021Q): a TAP device for the host, tagged frames on the wire.

tagger.py TAP WIRE VID: creates TAP, relays between it and WIRE, prints {"ready": true}.
"""
import fcntl
import json
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_AUXDATA = 263, 1, 1, 8
TP_STATUS_VLAN_VALID = 1 << 4
PACKET_OUTGOING = 4

name, wire_name, vid = sys.argv[1], sys.argv[2], int(sys.argv[3])
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((wire_name, 3))
wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
index = socket.if_nametoindex(wire_name)
wire.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8x", index, PACKET_MR_PROMISC, 0))
print(json.dumps({"ready": True}), flush=True)

while True:
    for fd in select.select([tap, wire, sys.stdin], [], [])[0]:
        if fd is sys.stdin:
            sys.exit(0)
        if fd == tap:
            frame = os.read(tap, 65536)
            wire.send(frame[:12] + struct.pack("!HH", 0x8100, vid) + frame[12:])
            continue
        frame, aux, _, source = wire.recvmsg(65536, 256)
        if source[2] == PACKET_OUTGOING:
            continue
        for level, kind, data in aux:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data)
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & TP_STATUS_VLAN_VALID:
                if tci & 0xFFF == vid and tpid == 0x8100:
                    os.write(tap, frame)
