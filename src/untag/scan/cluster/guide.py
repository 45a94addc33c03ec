"""How to start a cluster, in commands: what `untag worker --nas` prints."""

from __future__ import annotations

import shlex
from pathlib import Path

from untag.support.words import printable

PORT = 8786

_GUIDE = """\
# A machine with the photos (a NAS, called HOST here) and others that look at them (a desktop with a GPU).
# The same untag on all, with Dask: pip install 'untag[cluster]'   (with an NVIDIA card: 'untag[cluster,gpu]')

# 1. Keys, once, at the machine with the photos. Whoever has them may run anything on all of these machines.
umask 077 && mkdir -p {folder} && cd {folder}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \\
  -subj "/CN=untag CA" -keyout ca-key.pem -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=untag" -keyout key.pem -out cert.csr
openssl x509 -req -in cert.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 825 -out cert.pem
rm -f ca-key.pem cert.csr ca.srl

# 2. The same ca.pem, cert.pem and key.pem on each desktop, in cluster/ of its untag home folder (see: untag doctor).

# 3. The scheduler, at the machine with the photos. It keeps nothing.
dask scheduler --protocol tls --port {port} --no-dashboard --dashboard-address 127.0.0.1:0 \\
  --tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem

# 4. A worker, on each desktop. It takes a GPU by itself where one works.
untag worker tls://HOST:{port}

# 5. The scan, at the machine with the photos; with --shared where the desktop sees the same folder.
untag scan /volume1/photos --cluster tls://localhost:{port}
untag scan /volume1/photos --cluster tls://localhost:{port} --shared /volume1/photos=/mnt/photos
"""


def guide(folder: Path) -> str:
    """The steps, as commands for a shell; `folder` is where the home looks for its keys."""
    return _GUIDE.format(folder=printable(shlex.quote(str(folder))), port=PORT)
