"""A cable with a delay between two network namespaces, for two_hosts.sh: for kernels without tc's netem.

    cable.py NAMESPACE1 NAMESPACE2 SECONDS

Makes the devices cable1 and cable2 (tap), and passes frames on, SECONDS after they came, until it is killed.
"""
import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
NEW_NET, SET_INTERFACE, TAP_WITHOUT_HEADER = 0x40000000, 0x400454CA, 0x0002 | 0x1000


def open_tap(namespace, name):
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, SET_INTERFACE, struct.pack("16sH22x", name.encode(), TAP_WITHOUT_HEADER))
    return tap


def main():
    taps = [open_tap(namespace, f"cable{i}") for i, namespace in enumerate(sys.argv[1:3], 1)]
    delay = float(sys.argv[3])
    other = {taps[0]: taps[1], taps[1]: taps[0]}
    frames = collections.deque()  # (when it is due, to, frame), in this order
    while True:
        wait = max(frames[0][0] - time.monotonic(), 0) if frames else None
        for tap in select.select(taps, [], [], wait)[0]:
            while True:
                try:
                    frames.append((time.monotonic() + delay, other[tap], os.read(tap, 65536)))
                except BlockingIOError:
                    break
        while frames and frames[0][0] <= time.monotonic():
            _, to, frame = frames.popleft()
            try:
                os.write(to, frame)
            except OSError:
                pass  # the device is down: the frame is lost, as on a cable


main()
