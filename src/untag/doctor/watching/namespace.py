"""The watch that lets nothing out: a network namespace without a network, which counts what was tried."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from untag.doctor.watching.audit import audited, read_audit
from untag.doctor.watching.base import Seen, run_quietly

_COUNTED = """
import json, subprocess, sys

def counters():
    with open("/proc/net/snmp") as file:
        rows = [line.split() for line in file]
    for names, values in zip(rows[::2], rows[1::2]):
        if names[0] in ("Ip:", "Tcp:", "Udp:"):
            yield from ((names[0] + name, int(value)) for name, value in zip(names[1:], values[1:]))
    with open("/proc/net/snmp6") as file:
        yield from ((name, int(value)) for name, value in map(str.split, file))

WANTED = ("Ip:OutRequests", "Ip:OutNoRoutes", "Tcp:ActiveOpens", "Udp:OutDatagrams", "Ip6OutRequests", "Ip6OutNoRoutes")
before = dict(counters())
status = subprocess.run(sys.argv[2:]).returncode
after = dict(counters())
with open(sys.argv[1], "w") as file:
    json.dump({name: after[name] - before[name] for name in WANTED if after.get(name, 0) > before.get(name, 0)}, file)
sys.exit(status)
"""


class Namespace:
    """`unshare` on Linux, as root or where users may make namespaces; the audit events are watched as well."""

    name = "a network namespace without a network (no packet can leave it), its counters, and Python's audit events"
    blind = (
        "sockets that native code opens and does not use, connections that it tries to numeric IPv6 addresses (they "
        "fail here), what it asks of other programs of this machine, and files that it writes outside the folders "
        "listed. For a whole proof install strace and run this again"
    )

    def run(
        self, program: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, notes: Path
    ) -> Seen:
        """As `Watch.run`."""
        unshare = shutil.which("unshare")
        if unshare is None:
            raise FileNotFoundError("unshare is not installed")
        counts = notes / "counts"
        inner = [sys.executable, "-c", _COUNTED, str(counts), *audited(program, arguments, notes)]
        # -r makes a namespace of users too: that needs no root, where the system allows it.
        status, said = run_quietly([unshare, "-rn", *inner], environment, folder)
        if not counts.exists():
            raise OSError(f"no network namespace can be made: {said.strip()}")
        tried = tuple(
            f"{count} packets were tried ({name})" for name, count in json.loads(counts.read_text("utf-8")).items()
        )
        seen = read_audit(status, said, notes)
        return replace(seen, network=tried + seen.network)
