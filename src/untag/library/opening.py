"""Where to act on a photo: its page online, the photo itself, or the folder that it lies in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from untag.findings.counting import Group
from untag.reports.cards import link_of
from untag.reports.summary import places_online
from untag.sources.reading import archive_around
from untag.support.paths import folder_of, os_path
from untag.types import Finding


@dataclass(frozen=True, slots=True)
class Location:
    """Where a photo can be looked at: `link` online, `photo` its file, `folder` where it or its archive lies.

    None where there is none, or it is not there now. `links` are those of all its places, the one to act on first.
    """

    link: str | None
    photo: Path | None
    folder: Path | None
    links: tuple[str, ...] = ()

    @property
    def best(self) -> str | Path | None:
        """What to open: the page to act on, else the photo, else its folder."""
        return next((one for one in (self.link, self.photo, self.folder) if one is not None), None)


def location_of(finding: Finding) -> Location:
    """Where a finding's photo can be looked at now; only web addresses count as links."""
    online = places_online(Group(finding, (), finding.places))
    links = tuple(link.url for place in online if (link := link_of(place.origin)) is not None)
    archive = archive_around(finding.path)
    path = Path(os_path(finding.path if archive is None else archive))
    folder = Path(folder_of(str(path)))
    return Location(
        link=links[0] if links else None,
        photo=path if archive is None and not finding.absent and path.is_file() else None,
        folder=folder if folder.is_dir() else None,
        links=links,
    )
