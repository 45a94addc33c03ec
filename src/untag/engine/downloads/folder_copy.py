"""Weights from a folder: the way into a machine that has no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from untag.engine.downloads.partial import PartFile, has_hash
from untag.engine.downloads.registry import DownloadableWeights
from untag.errors import ModelError, UsageError

_CHUNK = 1 << 20


def copy_weights(
    weights: DownloadableWeights, folder: Path, part: PartFile, on_progress: Callable[[int, int | None], None]
) -> Path:
    """Put the weights in their place from `folder`, where they have untag's file name or the one upstream gave them.

    Raises UsageError when neither is there or it cannot be read, ModelError when it is another file.
    """
    names = (weights.file, unquote(urlsplit(weights.url).path.rpartition("/")[2]))
    source = next((folder / name for name in names if (folder / name).is_file()), None)
    if source is None:
        raise UsageError(f"{folder} has no {' or '.join(dict.fromkeys(names))}")
    try:
        with source.open("rb") as file:
            total = source.stat().st_size
            # Checked before the copy: a wrong file is not worth the disk.
            if not has_hash(source, weights.sha256):
                raise ModelError(f"{source} is not the file that untag was made for; get it from {weights.url}")
            part.begin(None)
            while chunk := file.read(_CHUNK):
                part.write(chunk)
                on_progress(part.size, total)
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror or error}") from error
    if not part.has_hash(weights.sha256):
        part.discard()
        raise ModelError(f"{source} changed while it was copied; run the same command again")
    return part.install()
