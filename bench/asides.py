"""python3 asides.py DEVICE COUNT < words: so many packet sockets in no group, with the filter that a stack has for what is
steered to nobody (bench/shards.mjs --asides): what each frame meets when there are as many stacks. Two numbers an instruction."""
import ctypes, socket, struct, sys

device, count = sys.argv[1], int(sys.argv[2])
words = [int(w) for w in sys.stdin.readline().split()]
code = b''.join(struct.pack('HBBI', words[i] & 0xffff, words[i] >> 16 & 255, words[i] >> 24, words[i + 1])
                for i in range(0, len(words), 2))
program = ctypes.create_string_buffer(code)
fprog = struct.pack('HP', len(code) // 8, ctypes.addressof(program))
sockets = []
for _ in range(count):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, 26, fprog)  # SO_ATTACH_FILTER
    s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
    s.bind((device, 3))  # ETH_P_ALL
    sockets.append(s)
print('ready', flush=True)
sys.stdin.readline()
