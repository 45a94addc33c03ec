"""Where photos may be: what was downloaded lately, and folders as their paths are typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from untag.library.home import OpenHome
from untag.support.paths import os_path

if TYPE_CHECKING:
    from untag.sources.offered import Completions, OfferedPlace


class Places(OpenHome):
    """What could be scanned."""

    def offer_places(self) -> list[OfferedPlace]:
        """Downloads and folders of photos in the user's folder of downloads, and their folder of pictures."""
        import platformdirs

        from untag.sources.offered import offer_places

        downloads, pictures = Path(platformdirs.user_downloads_dir()), Path(platformdirs.user_pictures_dir())
        return offer_places([downloads], [pictures], self.settings.limits)

    def complete_path(self, typed: str, *, most: int = 20) -> Completions:
        """Folders and archives whose paths begin with what was typed: absolute, with ~, or below the user's folder."""
        from untag.sources.offered import complete

        return complete(_written(typed), most)

    def place_of(self, typed: str) -> Path:
        """The path that somebody means who typed or dropped one: as `complete_path` reads it."""
        return Path(_written(typed))


def _written(typed: str) -> str:
    """What was typed as an absolute path; a slash at its end stays. A file:// address is what file managers drop."""
    text = typed.strip().strip("\"'")
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    text = os_path(os.path.expanduser(text))  # noqa: PTH111 - Path would lose a slash at the end
    return os.path.join(Path.home(), text)  # noqa: PTH118 - the same; what is absolute stays as it is
