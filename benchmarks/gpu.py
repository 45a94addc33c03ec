"""What a graphics card gains: each network, the faces of photos, and a whole scan, beside that machine's processor.

    python benchmarks/gpu.py [--photos DIR] [--me PHOTO] [--device cuda] [--engine dlib] [--minutes 8] [--output FILE]

One file that needs nothing but untag and onnxruntime-gpu; CUDA's libraries may be those of pip.
The photos, by default those of `sample_photos/me`, are enlarged to 2 to 12 megapixels and repeated up to `--count`. It
measures how many inputs a second each network takes in batches of 1, 2, 4 …, and names the smallest batch that fills
the card; how far answers are from the processor's, which must not be far; how many photos a second are decoded, which
starves a card that analyses more; and a scan, whose verdicts must be the same. It ends in time: what there are no
minutes left for is said to be left out. `--device cpu` tries all of it where there is no card. The exit status is 1
where answers differ, 2 where the device does not run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from untag.config import Settings
from untag.engine.runtime.models import ModelOptions, open_derived
from untag.engine.runtime.ort import onnx_runtime
from untag.engine.runtime.session import Device, OrtSession, usable_devices, why_no_card
from untag.faces.dlib_engine import CANVAS_DETECTOR_FILE, DETECTOR_FILE, EMBEDDER_FILE
from untag.faces.engine import FaceEngine, load_engine
from untag.imaging.decode import decode
from untag.people.enrolment import EnrolmentRequest, enroll_person, look_for_references
from untag.scan import SEARCH_SIDE, ScanModels, scan
from untag.scan.judge import load_judge
from untag.scenes.backbone import open_backbone
from untag.scenes.installed import load_scene_models
from untag.store import Store, photo_evidence
from untag.types import Frame

SAMPLES = Path(__file__).resolve().parents[1] / "sample_photos" / "me"
MEGAPIXELS = (2.0, 5.0, 8.0, 12.0)
LARGEST_BATCH = 512
DIFFERENT = 8
"""Inputs of a batch; more repeat them, for they take longer to make than to run."""

LONGEST_RUN = 1.0
"""Seconds; what takes longer is full."""

FULL = 0.95
"""A batch that reaches this part of the best throughput fills the card."""

BATCH_OF_FRAMES = 64
SAME_FACE = 0.1
"""Euclidean distance of embeddings; the next photo of a person is at 0.3. CUDA rounds convolutions to TF32."""


@dataclass(frozen=True, slots=True)
class Network:
    """One graph, an input of it (without the batch), and how far an output may be from the processor's."""

    name: str
    open: Callable[[ModelOptions], OrtSession]
    shape: tuple[int, ...]
    kind: type[np.generic]
    tolerance: float

    def input(self, batch: int) -> NDArray[Any]:
        """Noise that is smooth, as photos are, so that the networks have something to say."""
        coarse = np.random.default_rng(7).uniform(0, 255, (batch, *(max(1, side // 16) for side in self.shape)))
        if self.kind is np.uint8:
            return np.stack([_enlarged(one[..., :3], self.shape) for one in coarse]).astype(np.uint8)
        planes = np.stack([_enlarged(one.transpose(1, 2, 0), self.shape[1:]) for one in coarse])
        return np.repeat(planes[:, None], self.shape[0], axis=1).astype(np.float32) / 256 - 0.45


def _enlarged(coarse: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    grey = coarse.mean(axis=2).astype(np.float32)
    larger = cv2.resize(grey, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    return np.repeat(larger[:, :, None], 3, axis=2) if len(shape) == 3 else np.asarray(larger)


NETWORKS = (
    Network("detection, crops of 160", lambda to: open_derived(DETECTOR_FILE, to), (160, 160, 3), np.uint8, 0.05),
    Network("detection, 640 x 480", lambda to: open_derived(CANVAS_DETECTOR_FILE, to), (3, 480, 640), np.float32, 0.05),
    Network("embedding", lambda to: open_derived(EMBEDDER_FILE, to), (150, 150, 3), np.uint8, 0.02),
    Network("scenes", open_backbone, (320, 320, 3), np.uint8, 0.2),
)


class Clock:
    """How much time is left of what may be taken."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def left(self) -> float:
        return self._end - time.monotonic()


def per_second(session: OrtSession, images: NDArray[Any], seconds: float = 0.5) -> float:
    """Inputs a second, after a run that warms up: the median of 3 to 30 runs, in about that time."""
    session.run({"images": images})
    times: list[float] = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 30):
        start = time.perf_counter()
        session.run({"images": images})
        times.append(time.perf_counter() - start)
    return len(images) / statistics.median(times)


def throughput(network: Network, session: OrtSession, clock: Clock, largest: int) -> dict[str, float]:
    """Inputs a second by batch, up to one that does not fit or takes too long."""
    found: dict[str, float] = {}
    batch = 1
    while batch <= largest and clock.left() > 0:
        images = np.resize(network.input(min(batch, DIFFERENT)), (batch, *network.shape))
        try:
            # What does not fit would be halved by `run`: not the batch that is asked for.
            session.inner.run(None, {"images": images})
        except Exception as error:  # out of memory is a class of its own on every device
            print(f"{network.name}: a batch of {batch} fails: {type(error).__name__}", file=sys.stderr)
            break
        found[str(batch)] = per_second(session, images)
        if batch / found[str(batch)] > LONGEST_RUN:
            break
        batch *= 2
    return found


def filling(found: dict[str, float]) -> int:
    """The smallest batch that fills the device."""
    best = max(found.values())
    return min(int(batch) for batch, rate in found.items() if rate >= FULL * best)


def measure_network(network: Network, home: Path, device: Device, clock: Clock) -> dict[str, Any]:
    """Both devices, and the largest difference of an output between them."""
    on_device, on_cpu = (network.open(ModelOptions(home, device=one)) for one in (device, Device.CPU))
    images = network.input(4)
    pairs = zip(on_device.run({"images": images}), on_cpu.run({"images": images}), strict=True)
    apart = max(float(np.abs(np.asarray(one, np.float64) - other).max()) for one, other in pairs)
    cpu = throughput(network, on_cpu, clock, 8)
    found = throughput(network, on_device, clock, 8 if device is Device.CPU else LARGEST_BATCH)
    if not found or not cpu:
        return {"left_out": "no time left", "apart": apart, "agrees": apart <= network.tolerance}
    return {
        "device_per_second": {batch: round(rate, 1) for batch, rate in found.items()},
        "cpu_per_second": {batch: round(rate, 1) for batch, rate in cpu.items()},
        "batch_that_fills": filling(found),
        "times_as_fast": round(max(found.values()) / max(cpu.values()), 2),
        "apart": apart,
        "agrees": apart <= network.tolerance,
    }


def prepare(source: Path, folder: Path, count: int) -> list[Path]:
    """`count` photos of 2 to 12 megapixels, each of other content, in `folder`."""
    originals = sorted(path for path in source.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not originals:
        raise SystemExit(f"there are no photos in {source}; give --photos DIR")
    # Sizes are mixed however many originals there are.
    keys = [
        (originals[n % len(originals)], MEGAPIXELS[(n + n // len(originals)) % len(MEGAPIXELS)]) for n in range(count)
    ]
    different = list(dict.fromkeys(keys))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = dict(zip(different, pool.map(lambda key: _enlarged_file(*key), different), strict=True))
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, (path, key) in enumerate(zip(paths, keys, strict=True)):
        # Bytes behind the end of a JPEG are no part of the picture, but make it other content.
        path.write_bytes(made[key] + number.to_bytes(8, "big"))
    return paths


def _megapixels(number: int) -> float:
    return MEGAPIXELS[number % len(MEGAPIXELS)]


def _enlarged_file(path: Path, megapixels: float) -> bytes:
    pixels = decode(path.read_bytes(), max_side=0).pixels
    factor = max(1.0, (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5)
    larger = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", np.ascontiguousarray(larger[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def measure_decoding(photos: Sequence[Path]) -> dict[str, float]:
    """Photos decoded a second as a scan does it, by the number of threads."""
    rates = {}
    threads = [1]
    while threads[-1] * 2 <= (os.cpu_count() or 1):
        threads.append(threads[-1] * 2)
    for count in threads:
        some = list(photos[: min(len(photos), 12 * count)])
        with ThreadPoolExecutor(count) as pool:
            start = time.perf_counter()
            for _ in pool.map(lambda path: decode(path.read_bytes(), max_side=SEARCH_SIDE), some):
                pass
            rates[str(count)] = round(len(some) / (time.perf_counter() - start), 1)
    return rates


def analyse(engine: FaceEngine, frames: Sequence[Frame]) -> tuple[float, list[Any]]:
    """Frames a second, and their faces; the first batch, which warms up, is done twice."""
    engine.analyse(frames[:BATCH_OF_FRAMES])
    start = time.perf_counter()
    found = [
        faces
        for first in range(0, len(frames), BATCH_OF_FRAMES)
        for faces in engine.analyse(frames[first : first + BATCH_OF_FRAMES])
    ]
    return len(frames) / (time.perf_counter() - start), found


def measure_faces(engines: Sequence[FaceEngine], photos: Sequence[Path]) -> dict[str, Any]:
    """The faces of decoded photos on both devices: photos a second, and whether they are the same."""
    frames = [decode(path.read_bytes(), max_side=SEARCH_SIDE) for path in photos]
    (rate, found), (cpu_rate, expected) = (analyse(engine, frames) for engine in engines)
    counts = [len(faces) for faces in found] == [len(faces) for faces in expected]
    pairs = zip((f for faces in found for f in faces), (f for faces in expected for f in faces), strict=counts)
    apart = max((float(np.linalg.norm(one.embedding - other.embedding)) for one, other in pairs), default=0.0)
    return {
        "photos": len(frames),
        "faces": sum(map(len, found)),
        "device_photos_per_second": round(rate, 2),
        "cpu_photos_per_second": round(cpu_rate, 2),
        "times_as_fast": round(rate / cpu_rate, 2),
        "largest_embedding_distance": apart,
        "agrees": counts and apart <= SAME_FACE,
    }


class Watch:
    """How busy the card is meanwhile, by nvidia-smi; None where there is none."""

    def __enter__(self) -> Watch:
        self._process = None
        if (program := shutil.which("nvidia-smi")) is not None:
            query = [program, "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-lms", "200"]
            self._process = subprocess.Popen(query, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.busy: float | None = None
        self.mebibytes: float | None = None
        if self._process is None:
            return
        self._process.terminate()
        text, _unused = self._process.communicate()
        rows = [line.split(",") for line in text.splitlines() if line.count(",") == 1]
        if rows:
            self.busy = round(statistics.mean(float(row[0]) for row in rows), 1)
            self.mebibytes = max(float(row[1]) for row in rows)


def measure_scan(models: ScanModels, me: Path, folder: Path, home: Path) -> dict[str, Any]:
    """Photos a second of a whole scan, and the verdict on each face of each photo."""
    settings = Settings(home)
    with Store.open(home) as store:
        request = EnrolmentRequest("me", (me,))
        enroll_person(store, request, look_for_references(store, request, models.faces, settings), settings)
        judge = load_judge(store, models.faces.id, settings)
        with Watch() as watch:
            start = time.perf_counter()
            summary = scan(store, [folder], models, judge, settings)
            seconds = time.perf_counter() - start
        verdicts = {
            Path(one.places[0].path).name: sorted(face.match.verdict.value for face in one.faces)
            for one in photo_evidence(store)
        }
    return {
        "photos_per_second": len(verdicts) / seconds,
        "faces": summary.faces,
        "card_busy_percent": watch.busy,
        "card_mebibytes": watch.mebibytes,
        "verdicts": verdicts,
    }


def compare_scans(models: Sequence[ScanModels], me: Path, folder: Path, work: Path) -> dict[str, Any]:
    """A scan on each device, after a small one that pays for what is only done once, such as choosing kernels."""
    small = work / "small"
    small.mkdir()
    for path in sorted(folder.iterdir())[:4]:
        (small / path.name).write_bytes(path.read_bytes())
    found = []
    for number, one in enumerate(models):
        measure_scan(one, me, small, work / f"warm-{number}")
        found.append(measure_scan(one, me, folder, work / f"home-{number}"))
    ours, cpu = found
    return {
        "photos": len(ours["verdicts"]),
        "device_photos_per_second": round(ours["photos_per_second"], 2),
        "cpu_photos_per_second": round(cpu["photos_per_second"], 2),
        "times_as_fast": round(ours["photos_per_second"] / cpu["photos_per_second"], 2),
        "card_busy_percent": ours["card_busy_percent"],
        "card_mebibytes": ours["card_mebibytes"],
        "agrees": ours["verdicts"] == cpu["verdicts"],
        "differ": {
            name: [ours["verdicts"].get(name), verdicts]
            for name, verdicts in cpu["verdicts"].items()
            if ours["verdicts"].get(name) != verdicts
        },
    }


def machine(device: Device) -> dict[str, Any]:
    """The card, the processor, and the software between them."""
    ort = onnx_runtime()
    card = None
    if (program := shutil.which("nvidia-smi")) is not None:
        query = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        card = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip() or None
    return {
        "card": card,
        "device": device.value,
        "processor": _processor(),
        "cores": os.cpu_count(),
        "onnxruntime": ort.__version__,
        "providers": ort.get_available_providers(),
        "untag": version("untag"),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def starving(decoding: dict[str, float], faces: dict[str, Any]) -> str:
    """In words, whether decoding keeps up with the card."""
    rate, best = faces["device_photos_per_second"], max(decoding.values())
    if best >= rate:
        return f"decoding keeps up: {best} photos a second, faces {rate}"
    one = decoding["1"]
    return (
        f"decoding starves the card: {best} photos a second with all cores, faces {rate};"
        f" it would take {int(np.ceil(rate / one))} cores like these, or a decoder on the card"
    )


def table(result: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    about = result["machine"]
    card = about["card"] or "no card"
    yield f"{card}; {about['processor']}, {about['cores']} cores; ONNX Runtime {about['onnxruntime']}"
    yield "| what | device, per second | CPU, per second | times | full at | agrees |"
    yield "|---|---|---|---|---|---|"
    for name, one in result["networks"].items():
        if "left_out" in one:
            yield f"| {name} | left out: {one['left_out']} | | | | {one['agrees']} |"
            continue
        best, cpu = (max(one[key].values()) for key in ("device_per_second", "cpu_per_second"))
        yield f"| {name} | {best} | {cpu} | {one['times_as_fast']} | {one['batch_that_fills']} | {one['agrees']} |"
    for name in ("faces", "scan"):
        one = result.get(name)
        if one is None:
            yield f"| {name} | left out: no time left | | | | |"
            continue
        rates = f"{one['device_photos_per_second']} | {one['cpu_photos_per_second']} | {one['times_as_fast']}"
        yield f"| {name}, photos | {rates} | | {one['agrees']} |"
    if "starving" in result:
        yield result["starving"]


def agrees(result: dict[str, Any]) -> bool:
    """Whether every answer that was compared is the processor's."""
    parts = [*result["networks"].values(), *(result[name] for name in ("faces", "scan") if name in result)]
    return all(one["agrees"] for one in parts)


def measure(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Everything, the most telling last, each as long as there is time for it."""
    clock, device, home = Clock(options.minutes), Device(options.device), options.home or work / "models"
    result: dict[str, Any] = {"machine": machine(device), "networks": {}}
    shares = Clock(options.minutes * 0.45)
    for network in NETWORKS:
        result["networks"][network.name] = measure_network(network, home, device, shares)
        print(f"{network.name}: done, {clock.left():.0f} s left", file=sys.stderr)
    (work / "photos").mkdir()
    photos = prepare(options.photos, work / "photos", options.count)
    result["decoded_per_second_by_threads"] = decoding = measure_decoding(photos)
    both = [ModelOptions(home, device=one) for one in (device, Device.CPU)]
    engines = [load_engine(options.engine, one) for one in both]
    if clock.left() > 45:
        result["faces"] = measure_faces(engines, photos[: min(len(photos), BATCH_OF_FRAMES)])
        result["starving"] = starving(decoding, result["faces"])
    if clock.left() > 60:
        models = [ScanModels(engine, load_scene_models(one)) for engine, one in zip(engines, both, strict=True)]
        result["scan"] = compare_scans(models, options.me, work / "photos", work)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=SAMPLES)
    parser.add_argument("--me", type=Path, default=SAMPLES / "portrait.jpg", help="a photo of one person alone")
    parser.add_argument("--device", choices=[one.value for one in Device if one is not Device.AUTO], default="cuda")
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--count", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--home", type=Path, help="where pulled models and built graphs are; else made anew")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    if not usable_devices().get(Device(options.device), False):
        cause = why_no_card() or f"ONNX Runtime has {onnx_runtime().get_available_providers()}"
        print(f"{options.device} does not run here: {cause}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(options, Path(scratch))
    print("\n".join(table(result)))
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if agrees(result) else 1


if __name__ == "__main__":
    sys.exit(main())
