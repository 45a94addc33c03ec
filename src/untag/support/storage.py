"""What kind of place a folder lies in: a file system, a share of the network, a folder that a service copies away."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator
from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")

_NETWORK = {
    "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "ncpfs": "NCP", "afs": "AFS",
    "ceph": "Ceph", "glusterfs": "GlusterFS", "lustre": "Lustre", "beegfs": "BeeGFS", "davfs": "WebDAV",
    "sshfs": "SSH", "rclone": "rclone", "gvfsd-fuse": "GNOME's network folders", "kio-fuse": "KDE's network folders",
    "s3fs": "S3", "goofys": "S3", "gcsfuse": "Google Cloud", "google-drive-ocamlfuse": "Google Drive",
    "onedriver": "OneDrive", "curlftpfs": "FTP", "moosefs": "MooseFS", "mfs": "MooseFS", "juicefs": "JuiceFS",
    "9p": "a share of the host", "vboxsf": "a share of the host", "virtiofs": "a share of the host",
    "fuse.vmhgfs-fuse": "a share of the host", "vmhgfs-fuse": "a share of the host", "prl_fs": "a share of the host",
}  # fmt: skip
"""Types of mounts whose files lie on another machine, and how a user knows them."""

_SYNCED = {
    "dropbox": "Dropbox", "onedrive": "OneDrive", "google drive": "Google Drive", "googledrive": "Google Drive",
    "my drive": "Google Drive", "iclouddrive": "iCloud Drive", "icloud drive": "iCloud Drive",
    "mobile documents": "iCloud Drive", "nextcloud": "Nextcloud", "owncloud": "ownCloud", "syncthing": "Syncthing",
    "sync": "Syncthing", "box sync": "Box", "pcloud": "pCloud", "pclouddrive": "pCloud", "megasync": "MEGA",
    "mega": "MEGA", "seafile": "Seafile", "proton drive": "Proton Drive", "insync": "Insync", "tresorit": "Tresorit",
    "synologydrive": "Synology Drive", "yandex.disk": "Yandex Disk", "cloudstorage": "a cloud service",
}  # fmt: skip
"""Names that synchronising services give to their folders, in lower case. `CloudStorage` is where macOS keeps them."""

_SURE_OF = ("mobile documents", "cloudstorage")
_MARKERS = {
    ".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".stfolder": "Syncthing", ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud", ".sync_*.db": "Nextcloud", "._sync_*.db": "Nextcloud", ".sync/ID": "Resilio Sync",
    ".seafile-data": "Seafile", ".tmp.drivedownload": "Google Drive", ".tmp.driveupload": "Google Drive",
}  # fmt: skip
"""Files that these services keep at the top of what they copy."""


def network_share(folder: Path) -> str | None:
    """What kind of share of another machine a folder lies on; None for a local disk, or where nothing tells."""
    if folder.absolute().drive.startswith(("\\\\", "//")):
        return "SMB"
    kind = file_system(folder)
    return None if kind is None else _NETWORK.get(kind.removeprefix("fuse."))


def file_system(folder: Path) -> str | None:
    """The type of the file system that a folder lies on, as Linux calls it; None where nothing tells."""
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return None
    path = folder.resolve()
    found = None
    depth = -1
    for line in lines:
        _, point, kind, *_ = line.split(b" ")
        mount = Path(os.fsdecode(codecs.escape_decode(point)[0]))
        # Of two on one point the later hides the earlier.
        if path.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = kind.decode("ascii", "replace"), len(mount.parts)
    return found


def synced_by(folder: Path) -> str | None:
    """The service that copies a folder to other machines; None when none is known to.

    Told by names and by the services' own marks, of the folder's path as it is written and as it really is.
    """
    for path in dict.fromkeys((folder.absolute(), folder.resolve())):
        for place in (path, *path.parents):
            service = _marked(place) or _called(place)
            if service is not None:
                return service
    return None


def _marked(place: Path) -> str | None:
    for marker, service in _MARKERS.items():
        if next(place.glob(marker), None) is not None and not (service == "Dropbox" and place == Path.home()):
            return service
    real = place.resolve()
    return next((service for root, service in _announced() if root == real), None)


def _announced() -> Iterator[tuple[Path, str]]:
    """The folders that services report themselves: Dropbox in a file, OneDrive in the environment."""
    for variable in ("OneDrive", "OneDriveConsumer", "OneDriveCommercial"):
        if os.environ.get(variable):
            yield Path(os.environ[variable]).resolve(), "OneDrive"
    try:
        accounts = json.loads((Path.home() / ".dropbox" / "info.json").read_bytes())
        yield from ((Path(account["path"]).resolve(), "Dropbox") for account in accounts.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return


def _called(place: Path) -> str | None:
    """By name: `Dropbox (Personal)` and `OneDrive - Company` are theirs as well."""
    name = place.name.casefold()
    for known, service in _SYNCED.items():
        if name == known or name.startswith((f"{known} (", f"{known} - ", f"{known}-")):
            # Some people call a folder of their own "sync" or "box": such a name counts only at the usual place.
            usual = place.parent == Path.home() or known in _SURE_OF or known not in ("sync", "mega", "box sync")
            return service if usual else None
    return None
