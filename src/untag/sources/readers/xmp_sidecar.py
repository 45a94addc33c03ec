"""XMP sidecars: the files in which darktable, digiKam, Lightroom and osxphotos keep what they know of a photo.

A sidecar is called `a.jpg.xmp`, or `a.xmp` (Adobe), which describes the only photo there is of that name, or a raw file
and its JPEG.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from untag.errors import ReadFailure
from untag.imaging.xmp import read_people
from untag.sources.kinds import is_named_raw
from untag.sources.reader import Description, Files, photos_of
from untag.sources.text import read_error
from untag.types import Origin, ReadError

MAX_SIDECAR_BYTES = 64 * 1024 * 1024
"""Nearly all are of some kilobytes. What has names is parsed up to a megabyte."""

_SUFFIX = ".xmp"


class XmpSidecar:
    """What XMP sidecars say of the people in the photos beside them."""

    name = "xmp_sidecar"
    marks = frozenset((_SUFFIX,))

    def sniff(self, files: Files) -> bool:
        """Whether there is a sidecar. Raises nothing."""
        return any(name.lower().endswith(_SUFFIX) for name in files.names)

    def describe(self, files: Files) -> Description:
        """The people whom the sidecars name. Raises nothing."""
        origins: dict[str, Origin] = {}
        understood: list[str] = []
        errors: list[ReadError] = []
        for sidecar, photo in _pairs(files):
            try:
                people = read_people(files.read(sidecar, MAX_SIDECAR_BYTES))
            except ReadFailure as failure:
                errors.append(read_error(files, sidecar, failure))
                continue
            understood.append(sidecar)
            if people:
                both = (*origins[photo].people, *people) if photo in origins else people
                origins[photo] = Origin(people=tuple(dict.fromkeys(both)))
        return Description(origins=origins, understood=frozenset(understood), errors=tuple(errors))


def _pairs(files: Files) -> list[tuple[str, str]]:
    """Each sidecar with its photo; letters' case counts only where it has to. Those of no photo are left out."""
    exact: dict[str, str] = {}
    stems: defaultdict[str, list[str]] = defaultdict(list)
    for name in photos_of(files):
        exact[name] = name
        exact.setdefault(name.lower(), name)
        stems[name.rpartition(".")[0].lower()].append(name)
    found = []
    for name in files.names:
        if not name.lower().endswith(_SUFFIX):
            continue
        described = name[: -len(_SUFFIX)]
        photo = exact.get(described, exact.get(described.lower()))
        alike = stems.get(described.lower(), [])
        if photo is not None:
            found.append((name, photo))
        elif _is_one_shot(alike):
            found += ((name, one) for one in alike)
    return found


def _is_one_shot(names: Sequence[str]) -> bool:
    """Whether photos of one name are one: a single file, or a raw file and what the camera wrote beside it."""
    raws = sum(map(is_named_raw, names))
    return len(names) == 1 or (raws == 1 and len(names) == 2)


READER = XmpSidecar()
