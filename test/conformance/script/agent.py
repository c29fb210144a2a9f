"""The far side of scripts: packets through a TUN or TAP device, and the sockets of the kernel behind it.

agent.py CONFIG, in a network namespace of its own. Takes commands as JSON lines {id, do, ...}, answers {id, value}; in
between it tells what happens: {t, frame} for a packet the host sent, {t, type, detail, ...} for what a socket learned.
A packet written to TUN runs through the kernel's TCP before write() returns, so the answer to a packet always comes
before the answer to the command that sent it.
"""
import errno
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000
STATES = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECEIVED", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSED",
          "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECEIVED"]
CLOSED, LISTEN = 7, 10
OPENING = (2, 3)
EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLPRI | select.EPOLLET
LINGER_NONE = struct.pack("ii", 1, 0)
STDIN = 0


def say(**message):
    out.append(json.dumps(message, separators=(",", ":")))


def now():
    return time.monotonic_ns() // 1000


def name_of(code):
    # A reset in CLOSE-WAIT is a broken pipe to the kernel's user: the same news under another name.
    return "ECONNRESET" if code == errno.EPIPE else errno.errorcode.get(code, str(code))


def tcp_state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def tune(sock, settings):
    """Socket options that stand for settings of a script: [level, option, value]."""
    for level, option, value in settings:
        sock.setsockopt(level, option, value)


class Conn:
    def __init__(self, sock, tuple_, manual, opening):
        self.sock, self.tuple, self.manual, self.opening = sock, tuple_, manual, opening
        self.peeked = 0
        self.ended = False
        sock.setblocking(False)
        by_fd[sock.fileno()] = self
        conns[tuple_] = self
        poll.register(sock.fileno(), EVENTS)

    def tell(self, type_, detail="", **more):
        lport, remote, rport = self.tuple
        say(t=now(), type=type_, detail=detail, lport=lport, remote=remote, rport=rport, **more)

    def look(self):
        """Finds out what is new."""
        if self.opening and not self.opened():
            return
        self.read()
        if self.sock is not None and tcp_state(self.sock) == CLOSED:
            code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self.gone(name_of(code) if code else "OK")

    def opened(self):
        state = tcp_state(self.sock)
        if state in OPENING:
            return False
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state == CLOSED:
            self.gone(name_of(code or errno.ECONNREFUSED))
            return False
        self.opening = False
        self.tell("connect")
        slow_ack(self)
        return True

    def read(self):
        try:
            while self.sock is not None and not self.ended:
                text = self.sock.recv(1 << 20, socket.MSG_PEEK if self.manual else 0)
                if self.manual:
                    whole = len(text)
                    text, self.peeked = text[self.peeked:], whole
                if text:
                    self.tell("data", str(len(text)), text=text.hex())
                elif not self.manual or self.finished():
                    self.ended = True
                    self.tell("end")
                if self.manual:
                    if not self.ended and self.finished():
                        self.ended = True
                        self.tell("end")
                    return
        except BlockingIOError:
            pass
        except OSError as error:
            self.gone(name_of(error.errno))

    def finished(self):
        """The FIN has come, though text before it may be unread."""
        return tcp_state(self.sock) in (6, 7, 8, 9, 11)

    def take(self, size):
        if self.sock is None:
            return
        self.peeked -= len(self.sock.recv(size))

    def gone(self, why):
        self.tell("closed", why)
        self.drop()

    def drop(self):
        if self.sock is None:
            return
        poll.unregister(self.sock.fileno())
        del by_fd[self.sock.fileno()]
        conns.pop(self.tuple, None)
        self.sock.close()
        self.sock = None


def accept(lport):
    listener = listeners.get(lport)
    while listener is not None:
        try:
            sock, peer = listener["sock"].accept()
        except BlockingIOError:
            return
        conn = Conn(sock, (lport, peer[0], peer[1]), listener["manual"], False)
        slow_ack(conn)
        conn.tell("accept")
        conn.look()


def slow_ack(conn):
    """Out of the mode in which the kernel acknowledges the first segments at once; and its window forgets its limit."""
    if conn.sock is not None and not conn.opening:
        conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, 10000)


def packets():
    while True:
        try:
            packet = os.read(device, 70000)
        except BlockingIOError:
            return
        say(t=now(), frame=packet.hex())


def settle(lport=None):
    for fd, _ in poll.poll(0):
        woken(fd)
    if lport is not None:
        accept(lport)
        for conn in [c for key, c in conns.items() if key[0] == lport]:
            conn.look()
    packets()


def woken(fd):
    if fd == device:
        packets()
    elif fd in by_fd:
        by_fd[fd].look()
    else:
        for lport, listener in list(listeners.items()):
            if listener["sock"].fileno() == fd:
                accept(lport)


def inject(m):
    for packet in m["frames"]:
        m["t"] = now()
        if not m.get("quick"):
            for key, conn in conns.items():
                if key[0] == m["lport"]:
                    slow_ack(conn)
        os.write(device, bytes.fromhex(packet))
        settle(m["lport"])
    return "OK"


def make_socket(m):
    sock = socket.socket(socket.AF_INET if m["family"] == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tune(sock, m.get("tune", []))
    sock.bind((m["local"], m["lport"]))
    return sock


def listen(m):
    sock = make_socket(m)
    try:
        sock.listen(128)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    listeners[m["lport"]] = {"sock": sock, "manual": m.get("manual", False)}
    poll.register(sock.fileno(), select.EPOLLIN)
    return "OK"


def connect(m):
    sock = make_socket(m)
    sock.setblocking(False)
    conn = Conn(sock, (m["lport"], m["remote"], m["rport"]), m.get("manual", False), True)
    code = sock.connect_ex((m["remote"], m["rport"]))
    if code not in (0, errno.EINPROGRESS):
        conn.drop()
        return name_of(code)
    return "OK"


def stop_listening(lport):
    listener = listeners.pop(lport)
    poll.unregister(listener["sock"].fileno())
    listener["sock"].close()
    return "OK"


def switch(option):
    def run(conn, m):
        conn.sock.setsockopt(socket.IPPROTO_TCP, option, 1 if m["words"][0] == "on" else 0)
    return run


def send(conn, m):
    text = bytes.fromhex(m.get("text", ""))
    return str(conn.sock.send(text, socket.MSG_OOB if "urgent" in m["words"] else 0))


def close(conn, m):
    # CLOSE says that nothing more will be sent; one who closes goes on receiving.
    if conn.opening:
        conn.gone("OK")
    else:
        conn.sock.shutdown(socket.SHUT_WR)


def abort(conn, m):
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    conn.gone("ECONNABORTED")


def give_up(conn, m):
    if conn.peeked > 0:
        conn.tell("closed", "ECONNABORTED")
    conn.drop()


def keepalive(conn, m):
    if m["words"][0] == "off":
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        return
    idle, interval, count = (int(w) for w in m["words"])
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, idle // 1000), (socket.TCP_KEEPINTVL, interval // 1000),
                          (socket.TCP_KEEPCNT, count)):
        conn.sock.setsockopt(socket.IPPROTO_TCP, option, value)


def tos(conn, m):
    if m["family"] == 4:
        conn.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(m["words"][0]))
    else:
        conn.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, int(m["words"][0]))


def user_timeout(conn, m):
    conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(m["words"][0]))


def read(conn, m):
    conn.take(int(m["words"][0]))
    return m["words"][0]


CALLS = {"send": send, "close": close, "abort": abort, "giveup": give_up, "keepalive": keepalive, "read": read, "tos": tos,
         "usertimeout": user_timeout, "nodelay": switch(socket.TCP_NODELAY), "cork": switch(socket.TCP_CORK),
         "status": lambda conn, m: None}


def call(m):
    name, lport = m["name"], m["lport"]
    try:
        if name == "listen":
            return listen(m)
        if name == "connect":
            return connect(m)
        conn = conns.get((lport, m["remote"], m["rport"]))
        if conn is None:
            if state(m) == "LISTEN" and lport in listeners:
                return stop_listening(lport) if name in ("close", "abort", "giveup") else "OK"
            return "ENOTCONN"
        return CALLS[name](conn, m) or "OK"
    except BlockingIOError:
        return "OK"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    finally:
        settle(lport)


def table(six):
    with open("/proc/thread-self/net/tcp" + ("6" if six else "")) as file:
        next(file)
        for line in file:
            _, local, remote, state_, *_ = line.split(None, 4)
            yield local, remote, int(state_, 16)


def state(m):
    settle(m["lport"])
    conn = conns.get((m["lport"], m["remote"], m["rport"]))
    if conn is not None:
        found = tcp_state(conn.sock)
        if found != CLOSED:
            return STATES[found]
    six = ":" in m["remote"]
    raw = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, m["remote"])
    address = "".join("%08X" % word for word in struct.unpack("=%dI" % (len(raw) // 4), raw))
    port, peer = ":%04X" % m["lport"], "%s:%04X" % (address, m["rport"])
    listening = False
    for local, remote, found in table(six):
        if local.endswith(port):
            if remote == peer and found != LISTEN:
                return STATES[found]
            listening = listening or found == LISTEN
    return "LISTEN" if listening else "CLOSED"


def forget(m):
    """A script is over: nothing of it stays."""
    for key in [key for key in conns if key[0] == m["lport"]]:
        conns[key].sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        conns[key].drop()
    if m["lport"] in listeners:
        stop_listening(m["lport"])
    settle()
    return "OK"


def open_device(config):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    kind = IFF_TAP if config.get("tap") else IFF_TUN
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", config["device"].encode(), kind | IFF_NO_PI))
    for file, value in config.get("sysctl", {}).items():
        try:
            with open("/proc/sys/" + file.replace(".", "/"), "w") as proc:
                proc.write(str(value))
        except OSError as error:
            print("sysctl %s: %s" % (file, error), file=sys.stderr)
    for line in config.get("setup", []):
        subprocess.run(line.split(), check=True)
    return fd


config = json.loads(sys.argv[1])
out, conns, by_fd, listeners = [], {}, {}, {}
DO = {"inject": inject, "call": call, "state": state, "forget": forget, "sync": lambda m: settle() or "OK"}
device = open_device(config)
poll = select.epoll()
poll.register(device, select.EPOLLIN)
poll.register(STDIN, select.EPOLLIN)
say(ready=True)
rest = b""
while True:
    if out:
        sys.stdout.write("\n".join(out) + "\n")
        sys.stdout.flush()
        out.clear()
    for fd, _ in poll.poll():
        if fd != STDIN:
            woken(fd)
            continue
        text = os.read(STDIN, 1 << 16)
        if not text:
            sys.exit(0)
        *lines, rest = (rest + text).split(b"\n")
        for line in lines:
            m = json.loads(line)
            m["t"] = now()
            try:
                value = DO[m["do"]](m)
                say(id=m["id"], value=value, t=m["t"])
            except Exception as error:  # one script's mistake must not end the others
                say(id=m["id"], error=repr(error))
