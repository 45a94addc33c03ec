"""Where photos may be: what was downloaded lately, and folders as their paths are typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from untag.errors import UsageError
from untag.library.home import OpenHome
from untag.support.paths import os_path, printable_path

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

    def place_of(self, typed: str) -> str:
        """The path that somebody means who typed or dropped one, read as `complete_path` does, as it is shown.

        Raises UsageError where there is nothing.
        """
        from untag.sources.base import unreachable

        place = Path(_written(typed))
        try:
            problem = unreachable(place)
        except ValueError as error:  # a zero byte
            raise UsageError("that is no path") from error
        if problem is not None:
            raise problem
        return printable_path(str(place))

    def shown_path(self, shown: str) -> Path:
        """The path that is shown so: names that are no UTF-8 are shown with `\\xNN`."""
        return Path(os_path(shown))


def _written(typed: str) -> str:
    """What was typed as an absolute path; a slash at its end stays. A file:// address is what file managers drop."""
    text = typed.strip().strip("\"'")
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    text = os_path(os.path.expanduser(text))  # noqa: PTH111 - Path would lose a slash at the end
    return os.path.join(Path.home(), text)  # noqa: PTH118 - the same; what is absolute stays as it is
