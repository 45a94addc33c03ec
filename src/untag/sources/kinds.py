"""What files are, photos above all: by their names where these can be trusted, else by how their content begins.

Names that only photos have count as they are. So do names of what programs write for themselves, of which there may be
one for every photo. All other files are looked into, whatever they are called: `a.jpg~`, `a.JPG_original`, `a.mpo` and
`a` may be photos. What is no photo is counted by its kind, and never passed over without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from untag.errors import ReadFailure
from untag.imaging.containers import sniff_video
from untag.imaging.sniff import describe, sniff, unsupported_name
from untag.sources.names import is_named_photo, suffix_of
from untag.support.words import counted


class Kind(StrEnum):
    """What a file is. The values are the keys of `skipped` in JSON."""

    PHOTO = "photo"
    TEXT = "text"
    VIDEO = "video"
    RAW = "raw"
    JPEG_XL = "jpeg-xl"
    JPEG_2000 = "jpeg-2000"
    AAE = "aae"
    PSD = "psd"
    PDF = "pdf"
    DRAWING = "drawing"
    ICON = "icon"
    ARCHIVE = "archive"
    DOCUMENT = "document"
    MAIL = "mail"
    AUDIO = "audio"
    EMPTY = "empty"
    OTHER = "other"
    HIDDEN = "hidden"
    SYSTEM = "system-folder"
    EXCLUDED = "excluded"


LOOKED_AT = frozenset((Kind.PHOTO, Kind.VIDEO))
"""What may show somebody, and is somebody's upload."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A kind in words, one and several, and what to do about it."""

    one: str
    several: str
    remedy: str


ADVICE: Mapping[Kind, Advice] = {
    Kind.VIDEO: Advice("video", "videos", "set videos = true in config.toml to have them looked through"),
    Kind.RAW: Advice("camera raw file", "camera raw files", "export them as JPEG, unless the JPEG lies beside them"),
    Kind.JPEG_XL: Advice("JPEG XL picture", "JPEG XL pictures", "install untag[jxl] to have them read"),
    Kind.JPEG_2000: Advice("JPEG 2000 picture", "JPEG 2000 pictures", "save them as JPEG or PNG, and scan these"),
    Kind.AAE: Advice("AAE file", "AAE files", "they hold edits, no pictures; export the edited photos from Photos"),
    Kind.PSD: Advice("layered picture", "layered pictures (PSD, XCF …)", "export them as JPEG or PNG, and scan these"),
    Kind.PDF: Advice("PDF document", "PDF documents", "save the pictures in those that matter, and scan these"),
    Kind.DRAWING: Advice("drawing", "drawings (SVG, EPS …)", "save those with photos in them as PNG, and scan these"),
    Kind.ICON: Advice("icon", "icons", "nothing needs to be done: they are too small to show anybody"),
    Kind.ARCHIVE: Advice("archive", "archives that were not opened", "unpack them, and scan the folder"),
    Kind.DOCUMENT: Advice("document", "documents", "save the pictures in those that matter, and scan these"),
    Kind.MAIL: Advice("mail file", "mail files", "save the attachments, and scan these"),
    Kind.AUDIO: Advice("sound file", "sound files", "nothing needs to be done"),
    Kind.EMPTY: Advice("empty file", "empty files", "copy or download them again if they were photos"),
    Kind.OTHER: Advice("other file", "other files", "they begin like no picture that untag knows"),
    Kind.EXCLUDED: Advice(
        "excluded file or folder",
        "excluded files and folders",
        "as --exclude, config.toml, .untagignore or .nomedia say",
    ),
    Kind.HIDDEN: Advice(
        "hidden file or folder", "hidden files and folders", "scan them by their own path if photos are in them"
    ),
    Kind.SYSTEM: Advice(
        "system folder", "system folders (thumbnails, deleted files)", "scan them by their own path if you want to"
    ),
}
"""All kinds that are counted as passed over, in the order in which they are reported."""

UNSEEN = frozenset((Kind.HIDDEN, Kind.SYSTEM))
"""What is passed over for its name: hardly a folder is without, and a scan does not report it."""

_BY_SUFFIX: Mapping[Kind, str] = {
    Kind.VIDEO: "mp4 m4v mov qt avi mkv webm wmv flv f4v mpg mpeg mpe m1v m2v mts m2ts tod mod vob ogv 3gp 3g2 asf rm "
    "rmvb divx insv lrv",
    Kind.RAW: "dng cr2 cr3 crw nef nrw arw srf sr2 orf rw2 raf pef ptx srw raw rwl rwz x3f 3fr fff iiq mos mef mrw kdc "
    "dcr dcs k25 erf cap bay cine gpr braw r3d",
    Kind.JPEG_XL: "jxl",
    Kind.JPEG_2000: "jp2 j2k j2c jpc jpx jpf jpm mj2",
    Kind.AAE: "aae",
    Kind.PSD: "psd psb xcf kra ora clip afphoto pxd pxm",
    Kind.PDF: "pdf",
    Kind.DRAWING: "svg svgz eps ps ai cdr afdesign emf wmf dxf",
    Kind.ICON: "ico icns cur ani",
    Kind.ARCHIVE: "tgz tar gz bz2 tbz tbz2 xz txz zst tzst lz lzma 7z rar arj cab iso img dmg z cbz cbr cb7 jar apk "
    "ipa z01 zipx sit sitx lrz",
    Kind.DOCUMENT: "doc docx docm dot dotx odt ott rtf pages ppt pptx pptm pps ppsx odp key xls xlsx xlsm ods numbers "
    "epub mobi azw azw3 djvu xps oxps pub one chm",
    Kind.MAIL: "eml emlx msg mbox mbx pst ost dbx olm",
    Kind.AUDIO: "mp3 m4a m4b aac flac wav wave ogg oga opus wma aif aiff aifc caf amr mid midi mka ape alac",
}
_OTHERS: Mapping[str, Kind] = {suffix: kind for kind, suffixes in _BY_SUFFIX.items() for suffix in suffixes.split()}

_TEXT_SUFFIXES = (
    "json jsonl ndjson json5 geojson html htm xhtml xml xmp xsl xslt dtd csv tsv css scss less js mjs cjs jsx tsx map "
    "md rst tex ini cfg conf toml yaml yml properties plist gpx kml tcx vcf ics srt vtt pp3 dop py pyi pyc ipynb rb "
    "lua cc cpp cxx hpp hxx cs java class kt go rs swift sh bash zsh fish bat cmd ps1 sql vue po mo pot"
)
"""What sites and tools write of photos and beside them, and what programs are made of. Not .txt and .php: photos are
saved under both."""

_TEXTS = frozenset(_TEXT_SUFFIXES.split())

_BY_WORDS: Mapping[str, Kind] = {
    "JPEG XL": Kind.JPEG_XL,
    "JPEG 2000": Kind.JPEG_2000,
    "a Photoshop document": Kind.PSD,
    "an icon": Kind.ICON,
    "a PDF document": Kind.PDF,
    "a zip archive": Kind.ARCHIVE,
    "a gzip archive": Kind.ARCHIVE,
    "a RAR archive": Kind.ARCHIVE,
    "a video": Kind.VIDEO,
    "sound": Kind.AUDIO,
    "an SVG drawing": Kind.DRAWING,
    "a web page": Kind.TEXT,
    "XML": Kind.TEXT,
    "JSON": Kind.TEXT,
    "plain text": Kind.TEXT,
}
"""What `unsupported_name` and `describe` say."""


def named_kind(name: str) -> Kind | None:
    """What a file is by its name; None where that has to be looked up in the file, as `content_kind` does."""
    if is_named_photo(name):
        return Kind.PHOTO
    return Kind.TEXT if suffix_of(name) in _TEXTS or name.lower().endswith(".json.xz") else None


def may_be_photo(name: str) -> bool:
    """Whether what a file is called leaves it open that it is a photo: it is no known name of anything else."""
    return named_kind(name) is not Kind.TEXT and suffix_of(name) not in _OTHERS


def is_named_video(name: str) -> bool:
    """Whether a file has a name of videos."""
    return _OTHERS.get(suffix_of(name) or "") is Kind.VIDEO


def is_named_raw(name: str) -> bool:
    """Whether a file has a name of raw files."""
    return _OTHERS.get(suffix_of(name) or "") is Kind.RAW


def content_kind(name: str, head: bytes) -> Kind:
    """What a file is that begins with `head`, the first `SNIFF_BYTES` bytes. A name that is known counts before them
    unless they are those of a photo, as raw files are."""
    kind = _OTHERS.get(suffix_of(name) or "")
    if sniff(head) is not None:
        return Kind.PHOTO
    if kind in (None, Kind.AUDIO) and sniff_video(head) is not None:
        return Kind.VIDEO
    if kind is not None:
        return kind
    if not head:
        return Kind.EMPTY
    return _BY_WORDS.get(unsupported_name(head) or describe(head), Kind.OTHER)


class Kinds:
    """The kinds of files by name, each looked up once. `head` gives the beginning of one, or raises ReadFailure."""

    def __init__(self, head: Callable[[str], bytes]) -> None:
        self._head = head
        self._known: dict[str, Kind | ReadFailure] = {}

    def of(self, name: str) -> Kind:
        """What a file is. Raises ReadFailure, the same one each time."""
        kind = named_kind(name)
        if kind is not None:
            return kind
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._look(name)
        if isinstance(found, ReadFailure):
            raise found
        return found

    def _look(self, name: str) -> Kind | ReadFailure:
        try:
            return content_kind(name, self._head(name))
        except ReadFailure as failure:
            return failure


def counted_kind(count: int, kind: Kind) -> str:
    """How many of a kind there are, in words."""
    return counted(count, ADVICE[kind].one, ADVICE[kind].several)
