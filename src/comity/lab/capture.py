# SPDX-License-Identifier: Apache-2.0
"""What really crossed the loopback wire, by port: frames read from an AF_PACKET socket (packet(7)), not what anyone says.

Linux only, and only for who may open such a socket (root, CAP_NET_RAW); elsewhere `Capture.open` says so and the
caller prints NOT RUN.  Loopback only: the socket is bound to `lo`.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import defaultdict

from comity.errors import OperatorError

ETH_P_ALL = 0x0003
OUTGOING = 4  # packet(7) PACKET_OUTGOING: loopback shows every frame twice, once going out
FRAME_BYTES_MAX = 262_144
RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024
CATCH_UP_SECONDS_MAX = 30.0


class Capture:
    """Collects TCP payload by port until closed: `payload(port)` is all bytes sent to it, in order, `answers(port)` all that it sent."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._seen = threading.Condition()
        self._payload: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._answers: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._segments: defaultdict[int, int] = defaultdict(int)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="comity-capture", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls) -> Capture:
        try:
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        except (AttributeError, PermissionError) as error:
            raise OperatorError(
                "packets cannot be captured here", code="lab.no_capture", exit_code=1, hint="run as root on Linux (CAP_NET_RAW)"
            ) from error
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        wire.bind(("lo", 0))
        return cls(wire)

    def forget(self) -> None:
        """What was seen until now: before a port was taken by whoever has it now, somebody else may have used its number."""
        self._catch_up()
        with self._seen:
            for seen in (self._payload, self._answers, self._segments):
                seen.clear()

    def segments(self, port: int) -> int:
        """TCP segments sent to ``port`` until now, handshakes included: 0 means that nobody so much as knocked."""
        self._catch_up()
        with self._seen:
            return self._segments[port]

    def payload(self, port: int) -> bytes:
        self._catch_up()
        with self._seen:
            return bytes(self._payload[port])

    def answers(self, port: int) -> bytes:
        self._catch_up()
        with self._seen:
            return bytes(self._answers[port])

    def _catch_up(self) -> None:
        """Frames arrive in order, so once a knock of our own has been seen, all that went before it has been too."""
        with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()):
            port = door.getsockname()[1]
            with self._seen:
                if not self._seen.wait_for(lambda: self._segments[port], timeout=CATCH_UP_SECONDS_MAX):
                    raise OperatorError("the capture has stopped seeing packets", code="lab.no_capture", exit_code=1)
                del self._segments[port]

    def close(self) -> None:
        if self._thread.is_alive():
            self._stop.send(b"x")
            self._thread.join()
        for each in (self._wire, self._stop, self._stopped):
            each.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        import select

        while True:
            ready, _, _ = select.select([self._wire, self._stopped], [], [])
            if self._wire in ready:
                frame, address = self._wire.recvfrom(FRAME_BYTES_MAX)
                if address[2] != OUTGOING:
                    self._frame(frame)
            elif self._stopped in ready:  # only once the wire is drained
                return

    def _frame(self, frame: bytes) -> None:
        segment = tcp_segment(frame)
        if segment is None:
            return
        source, port, payload = segment
        with self._seen:
            self._segments[port] += 1
            self._payload[port] += payload
            self._answers[source] += payload
            self._seen.notify_all()


def tcp_segment(frame: bytes) -> tuple[int, int, bytes] | None:
    """(source port, destination port, payload) of an Ethernet frame holding TCP over IPv4 (RFC 791) or IPv6 (RFC 8200), else None."""
    if len(frame) < 34:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == socket.IPPROTO_TCP:
        start = 14 + (frame[14] & 0x0F) * 4
        end = 14 + int(struct.unpack_from("!H", frame, 16)[0])
        end = end if end > start else len(frame)  # segmentation offload writes 0
    elif kind == 0x86DD and len(frame) >= 54 and frame[20] == socket.IPPROTO_TCP:
        start, end = 54, 54 + int(struct.unpack_from("!H", frame, 18)[0])
        end = end if end > start else len(frame)
    else:
        return None
    if len(frame) < start + 20:
        return None
    source, port = struct.unpack_from("!HH", frame, start)
    return source, port, frame[start + (frame[start + 12] >> 4) * 4 : end]
