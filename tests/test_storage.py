"""Where a home folder lies: shares and synchronised folders are told, local ones left in peace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import Untag
from untag.support import storage
from untag.support.storage import file_system, network_share, synced_by


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    table = tmp_path / "mounts"
    table.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "nas:/vol /mnt/nas nfs4 rw 0 0\n"
        "//nas/photos /mnt/my\\040photos cifs rw 0 0\n"
        "me@host: /mnt/nas/local fuse.sshfs rw 0 0\n"
        "/dev/sdb1 /mnt/disk vfat rw 0 0\n"
        "/dev/sdc1 /mnt/over nfs rw 0 0\n"
        "/dev/sdc1 /mnt/over btrfs rw 0 0\n"
    )
    monkeypatch.setattr(storage, "_MOUNTS", table)
    return table


@pytest.mark.parametrize(
    ("folder", "kind", "share"),
    [
        ("/home/me/.local/share/untag", "ext4", None),
        ("/mnt/nas/untag", "nfs4", "NFS"),
        ("/mnt/nas-not/untag", "ext4", None),
        ("/mnt/my photos/untag", "cifs", "SMB"),
        ("/mnt/nas/local/untag", "fuse.sshfs", "SSH"),
        ("/mnt/disk/untag", "vfat", None),
        ("/mnt/over/untag", "btrfs", None),
    ],
)
def test_the_mount_that_a_folder_is_on(mounts: Path, folder: str, kind: str, share: str | None) -> None:
    assert (file_system(Path(folder)), network_share(Path(folder))) == (kind, share)


def test_a_system_that_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_MOUNTS", tmp_path / "none")
    assert (file_system(tmp_path), network_share(tmp_path)) == (None, None)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("Dropbox/untag", "Dropbox"),
        ("Dropbox (Personal)/a/b/untag", "Dropbox"),
        ("OneDrive - Contoso/untag", "OneDrive"),
        ("OneDrive/untag", "OneDrive"),
        ("Google Drive/untag", "Google Drive"),
        ("Library/Mobile Documents/com~apple~CloudDocs/untag", "iCloud Drive"),
        ("Library/CloudStorage/Box-Box/untag", "a cloud service"),
        ("iCloudDrive/untag", "iCloud Drive"),
        ("Nextcloud/untag", "Nextcloud"),
        ("Sync/untag", "Syncthing"),
        ("code/sync/untag", None),
        ("Dropboxes/untag", None),
        ("projects/mega/untag", None),
        (".local/share/untag", None),
        ("Library/Application Support/untag", None),
    ],
)
def test_names_of_synchronised_folders(
    tmp_path: Path, name: str, service: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert synced_by(tmp_path / name) == service


@pytest.mark.parametrize(
    ("marker", "service"),
    [
        (".stfolder", "Syncthing"),
        (".sync_1a2b.db", "Nextcloud"),
        (".dropbox.cache", "Dropbox"),
        (".sync/ID", "Resilio Sync"),
    ],
)
def test_marks_of_synchronised_folders(tmp_path: Path, marker: str, service: str) -> None:
    top = tmp_path / "things"
    (top / "below").mkdir(parents=True)
    (top / marker).parent.mkdir(exist_ok=True)
    (top / marker).write_text("")
    assert synced_by(top / "below" / "untag") == service
    assert synced_by(tmp_path / "other") is None


def test_a_folder_that_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OneDrive", str(tmp_path / "work"))
    (tmp_path / ".dropbox").mkdir()
    (tmp_path / ".dropbox" / "info.json").write_text(json.dumps({"personal": {"path": str(tmp_path / "box")}}))
    assert synced_by(tmp_path / "work" / "untag") == "OneDrive"
    assert synced_by(tmp_path / "box" / "untag") == "Dropbox"
    assert synced_by(tmp_path / "untag") is None
    (tmp_path / ".dropbox" / "info.json").write_text("[")
    assert synced_by(tmp_path / "box" / "untag") is None


def test_a_link_into_a_synchronised_folder(tmp_path: Path) -> None:
    (tmp_path / "Dropbox" / "untag").mkdir(parents=True)
    (tmp_path / "untag").symlink_to(tmp_path / "Dropbox" / "untag")
    assert synced_by(tmp_path / "untag") == "Dropbox"


def test_doctor_warns(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("untag.doctor.checks.usable_devices", dict)
    home = untag.root / "Dropbox" / "untag"
    assert untag.invoke(["--home", str(home), "people"]).status == 0
    result = untag.invoke(["--home", str(home), "doctor"])
    assert result.status == 1
    assert "problem  place: this folder is copied to other machines by Dropbox" in result.out
    monkeypatch.setattr("untag.doctor.checks.network_share", lambda _: "NFS")
    assert "on a share of the network (NFS)" in untag.run("doctor").out
