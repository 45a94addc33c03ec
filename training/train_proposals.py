"""Trains the proposal network, which says where in a photo faces may be, so that the detector searches only there.

The teacher is the MMOD detector itself; no human label is used. Packing takes a quarter of an hour on two cores,
training as long as `--minutes` says (on the clock, so a rerun gives a network as good, not the same one):

    python training/pack_proposal_data.py ../shared/data proposal-data.npz
    python training/train_proposals.py proposal-data.npz models/face_proposals.npz --minutes 20
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

PATCH = 96
STRIDE = 8
SMALLEST, LARGEST = 17.0, 42.0  # faces, in pixels of the proposal network's input, that are its own at one scale
CENTRE = (SMALLEST * LARGEST) ** 0.5
CERTAIN, DOUBTFUL = 0.0, -0.8  # the teacher's scores: a face; perhaps a face, not to be learnt from
CHANNELS = 32


class ProposalNetwork(nn.Module):
    """(N, 3, H, W) 0..255 -> (N, 4, H/8, W/8): logit, log2 of size over `CENTRE`, offset x and y in cells."""

    def __init__(self) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
            )

        self.stem = nn.Sequential(conv(3, 16, 2), conv(16, 24, 2), conv(24, CHANNELS, 2))
        self.blocks = nn.ModuleList(
            nn.Sequential(conv(CHANNELS, CHANNELS, 1), conv(CHANNELS, CHANNELS, 1)) for _ in range(2)
        )
        self.head = nn.Conv2d(CHANNELS, 4, 1)
        nn.init.constant_(self.head.bias, 0.0)
        with torch.no_grad():
            self.head.bias[0] = -4.0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.stem((images - 127.0) / 64.0)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


class Patches(torch.utils.data.IterableDataset):
    """Endless random patches with targets (6, cells, cells): truth, weight, size, offset x, offset y, positive."""

    def __init__(self, photos: list[np.ndarray], faces: list[np.ndarray], seed: int) -> None:
        self.photos, self.faces, self.seed = photos, faces, seed
        self.with_faces = [i for i, found in enumerate(faces) if (found[:, 3] > CERTAIN).any()]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, 0 if info is None else info.id])
        while True:
            yield self._patch(rng)

    def _patch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        if rng.random() < 0.6:
            index = int(rng.choice(self.with_faces))
            certain = self.faces[index][self.faces[index][:, 3] > CERTAIN]
            x, y, size, _ = certain[rng.integers(len(certain))]
            scale = min(np.exp(rng.uniform(np.log(13), np.log(52))) / size, 1.6)
            centre = np.array([x, y]) + rng.uniform(-0.42, 0.42, 2) * PATCH / scale
        else:
            index = int(rng.integers(len(self.photos)))
            height, width = self.photos[index].shape[:2]
            scale = np.exp(rng.uniform(np.log(0.25), np.log(1.4)))
            centre = rng.uniform(0, 1, 2) * (width, height)
        photo, faces = self.photos[index], self.faces[index]
        turn = rng.choice([0, 90, 180, 270], p=[0.88, 0.05, 0.02, 0.05]) + rng.normal(0, 12)
        mirror = rng.random() < 0.5
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), float(turn), float(scale))
        matrix[:, 2] += PATCH / 2 - centre
        if mirror:
            matrix[0] = -matrix[0]
            matrix[0, 2] += PATCH - 1
        if scale < 0.75:  # averaged first: a bilinear warp alone would alias
            step = max(scale * 1.2, 0.05)
            photo = cv2.resize(photo, None, fx=step, fy=step, interpolation=cv2.INTER_AREA)
            matrix = matrix @ np.array([[1 / step, 0, 0.5 / step - 0.5], [0, 1 / step, 0.5 / step - 0.5], [0, 0, 1]])
        border = [int(v) for v in rng.integers(0, 256, 3)] if rng.random() < 0.3 else [123, 117, 104]
        patch = cv2.warpAffine(photo, matrix, (PATCH, PATCH), flags=cv2.INTER_LINEAR, borderValue=border)
        if scale < 0.75:
            matrix = matrix @ np.array([[step, 0, 0.5 * step - 0.5], [0, step, 0.5 * step - 0.5], [0, 0, 1]])
        placed = faces.copy()
        if len(placed):
            placed[:, :2] = placed[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            placed[:, 2] *= scale
        return _spoilt(patch, rng), _targets(placed)


def _spoilt(patch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What happens to photos: light, colour, blur, noise, JPEG."""
    image = patch.astype(np.float32)
    if rng.random() < 0.15:
        image[:] = image.mean(axis=2, keepdims=True)
    image = (image - image.mean()) * rng.uniform(0.5, 1.4) + image.mean() * rng.uniform(0.45, 1.4)
    image *= rng.uniform(0.85, 1.15, 3)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
    image += rng.normal(0, rng.uniform(0, 8), image.shape)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.asarray(image)


def _photo(data: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB))


def _targets(faces: np.ndarray) -> np.ndarray:
    cells = PATCH // STRIDE
    target = np.zeros((6, cells, cells), np.float32)
    target[1] = 1
    centres = np.arange(cells) * STRIDE + (STRIDE - 1) / 2
    for x, y, size, score in faces:
        dx, dy = (x - centres)[None, :] / size, (y - centres)[:, None] / size
        distance = np.hypot(dx, dy)
        target[1][distance < 0.5] = 0  # neither face nor not, unless it is said below
        if score > CERTAIN and SMALLEST <= size <= LARGEST:
            near = distance <= max(0.22, float(distance.min()) + 1e-6)
            target[0][near], target[1][near], target[5][near] = 1, 1, 1
            target[2][near] = np.log2(size / CENTRE)
            target[3][near] = np.broadcast_to(dx * size / STRIDE, near.shape)[near]
            target[4][near] = np.broadcast_to(dy * size / STRIDE, near.shape)[near]
    return target


def loss_of(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Focal loss (Lin et al. 2017) for the logit, smooth L1 for size and offsets where there is a face."""
    logit = output[:, 0]
    cross = F.binary_cross_entropy_with_logits(logit, target[:, 0], reduction="none")
    probability = torch.sigmoid(logit)
    wrong = torch.where(target[:, 0] > 0.5, 1 - probability, probability)
    positives = target[:, 5].sum().clamp(min=1)
    weight = torch.where(target[:, 0] > 0.5, 2.0, 1.0)
    detection = (weight * cross * wrong**1.5 * target[:, 1]).sum() / positives
    regression = F.smooth_l1_loss(output[:, 1:], target[:, 2:5], reduction="none", beta=0.2).sum(1)
    return detection + (regression * target[:, 5]).sum() / positives


@torch.no_grad()
def validate(network: ProposalNetwork, photos: list[np.ndarray], faces: list[np.ndarray], device: str) -> str:
    """Of the teacher's certain faces of 18 to 40 px, how many are proposed, and how many cells are."""
    network.eval()
    hits: dict[float, list[int]] = {t: [] for t in (0.5, 0.2, 0.1, 0.05, 0.02)}
    cells: dict[float, int] = dict.fromkeys(hits, 0)
    pixels = 0
    for photo, found in zip(photos, faces, strict=True):
        for scale in (1.0, 0.5, 0.25):
            image = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            image = image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8]
            if min(image.shape[:2]) < 32:
                continue
            tensor = torch.tensor(image, device=device).permute(2, 0, 1)[None].float()
            heat = torch.sigmoid(network(tensor)[0, 0]).cpu().numpy()
            pixels += image.shape[0] * image.shape[1]
            for threshold in hits:
                points = np.argwhere(heat > threshold)[:, ::-1] * STRIDE + (STRIDE - 1) / 2
                cells[threshold] += len(points)
                for x, y, size, score in found * np.array([scale, scale, scale, 1]):
                    if score > CERTAIN and 18 <= size <= 40:
                        near = len(points) and np.hypot(*(points - (x, y)).T).min() < 0.4 * size
                        hits[threshold].append(bool(near))
    network.train()
    lines = [f"{t}: recall {np.mean(hits[t]):.4f}, {cells[t] / pixels * 1e6:.0f} cells a megapixel" for t in hits]
    return f"{len(hits[0.5])} faces; " + "; ".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    # OpenCV's thread pool does not survive the fork of the loader's workers: they would wait for it for ever.
    cv2.setNumThreads(0)
    # So small a network is faster on one thread; the others make patches.
    torch.set_num_threads(1)
    pack = np.load(arguments.pack, allow_pickle=False)
    blob, ends = pack["photos"], pack["ends"]
    starts = np.concatenate([[0], ends[:-1]])
    photos = [_photo(blob[a:b]) for a, b in zip(starts, ends, strict=True)]
    faces = np.split(pack["faces"], pack["face_ends"][:-1])
    held = pack["held_out"]
    train = [i for i in range(len(photos)) if not held[i]]
    test = [i for i in range(len(photos)) if held[i]]
    data = Patches([photos[i] for i in train], [faces[i] for i in train], seed=0)
    loader = torch.utils.data.DataLoader(data, batch_size=32, num_workers=arguments.workers, prefetch_factor=4)
    network = ProposalNetwork().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    started, step = time.time(), 0
    for images, targets in loader:
        share = (time.time() - started) / (60 * arguments.minutes)
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 200) * 0.5 * (1 + np.cos(np.pi * share))
        with torch.autocast(device, torch.bfloat16):
            output = network(images.to(device).permute(0, 3, 1, 2).float())
        loss = loss_of(output.float(), targets.to(device))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % 200 == 0:
            print(f"step {step}, loss {loss.item():.3f}, {time.time() - started:.0f} s", flush=True)
        if step % 1000 == 0:
            print("  " + validate(network, [photos[i] for i in test], [faces[i] for i in test], device), flush=True)
    judged = validate(network, [photos[i] for i in test], [faces[i] for i in test], device)
    print(f"{step} steps; {judged}", flush=True)
    export(network.eval().cpu(), arguments.output)


def export(network: ProposalNetwork, output: Path) -> None:
    """The trained parameters, batch normalisation folded in, as the arrays that untag builds its graph from."""
    arrays: dict[str, np.ndarray] = {}
    convolutions = [*network.stem, *(conv for block in network.blocks for conv in block)]
    for index, (conv, norm, _) in enumerate(convolutions):
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        arrays[f"weights_{index}"] = (conv.weight * factor[:, None, None, None]).detach().numpy()
        arrays[f"biases_{index}"] = (norm.bias - norm.running_mean * factor).detach().numpy()
    arrays["head_weights"], arrays["head_biases"] = (
        value.detach().numpy() for value in (network.head.weight, network.head.bias)
    )
    np.savez(output, allow_pickle=False, **{name: value.astype(np.float32) for name, value in arrays.items()})


if __name__ == "__main__":
    main()
