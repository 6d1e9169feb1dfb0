"""SIP over UDP: datagrams in batches, with the time at which the kernel got them."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from typing import Any

from ringfence.serve.sip_queue import SipQueue
from ringfence.sip.answers import reply_port

#: Datagrams read at one wake, so that other sockets and answers get their turn.
BATCH = 64
_LARGEST = 65_535
#: Linux: the time of arrival comes with each datagram, so that what it waited in the kernel counts too.
_SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None
_TIME = struct.Struct("@qq")


class UdpSocket:
    """One bound socket. It is read until it is closed."""

    transport = "udp"

    def __init__(self, sock: socket.socket, queue: SipQueue) -> None:
        self._socket, self._queue = sock, queue
        sock.setblocking(False)
        if _SO_TIMESTAMPNS is not None:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        asyncio.get_running_loop().add_reader(sock.fileno(), self.read)

    def read(self, most: int = BATCH) -> int:
        """Put what has arrived into the queue; how many datagrams there were, at most `most`."""
        receive, put = self._socket.recvmsg, self._queue.put
        for read in range(most):
            try:
                data, ancillary, _, address = receive(_LARGEST, 64)
            except OSError:  # nothing more, or an ICMP error about an earlier answer
                return read
            came = time.time()
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) == _TIME.size:
                    seconds, nanoseconds = _TIME.unpack(value)
                    came = seconds + nanoseconds * 1e-9
            put(came, data, address, self)
        return most

    def reply(self, response: bytes | None, address: Any) -> bool:
        """To the address that asked, at the port that its Via wants (RFC 3581)."""
        if response is None:
            return True
        try:
            port = reply_port(response, address[:2])
            self._socket.sendto(response, (address[0], port, *address[2:]))
        except OSError:  # no room, no route, longer than a datagram: the sender repeats itself
            return False
        return True

    def pause(self) -> None:
        """Read no more, but still answer."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())

    def close(self) -> None:
        self._socket.close()
