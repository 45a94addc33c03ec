"""The weights that the user may pull: where they are upstream, pinned by SHA-256, and what they are licensed under.

Never in this table, for their licences: InsightFace's weights and EdgeFace (no commercial use), MobileCLIP (research
only), Ultralytics YOLO and NudeNet (AGPL), copies of MobileFaceNet (no licence).
"""

from __future__ import annotations

from collections.abc import Mapping

from untag.engine.downloads.registry import DownloadableWeights

_OPENCV_ZOO = "https://github.com/opencv/opencv_zoo/raw/47534e27c9851bb1128ccc0102f1145e27f23f98/models"
_OPEN_MODEL_ZOO = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1"
_CLIP = "https://huggingface.co/Xenova/clip-vit-base-patch32/resolve/d15189d7028b43f1d3e65039190477f6af591c2a"

YUNET = DownloadableWeights(
    "yunet",
    "yunet+0095",
    "https://github.com/ShiqiYu/libfacedetection.train/raw/0047ac24afb1a50a0c6105001c89d1b5b805dbf1"
    "/onnx/yunet_n_dynamic.onnx",
    "yunet_n_dynamic.onnx",
    322_906,
    "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
    "Apache-2.0",
    "finds faces and their landmarks",
    "WIDER FACE validation .892/.883/.811, many times faster than the default detector",
)
RETAIL_0095_GRAPH = DownloadableWeights(
    "face-reidentification-retail-0095.xml",
    "yunet+0095",
    f"{_OPEN_MODEL_ZOO}/face-reidentification-retail-0095/FP16/face-reidentification-retail-0095.xml",
    "face-reidentification-retail-0095-FP16.xml",
    350_427,
    "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce",
    "Apache-2.0",
    "tells faces apart",
    "the graph; the weights are the .bin file",
)
RETAIL_0095_WEIGHTS = DownloadableWeights(
    "face-reidentification-retail-0095.bin",
    "yunet+0095",
    f"{_OPEN_MODEL_ZOO}/face-reidentification-retail-0095/FP16/face-reidentification-retail-0095.bin",
    "face-reidentification-retail-0095-FP16.bin",
    2_213_628,
    "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1",
    "Apache-2.0",
    "tells faces apart",
    "256 dimensions, 99.47 % on LFW (published)",
)
SFACE = DownloadableWeights(
    "sface",
    "yunet+sface",
    f"{_OPENCV_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx",
    "face_recognition_sface_2021dec.onnx",
    38_696_353,
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    "Apache-2.0",
    "tells faces apart",
    "128 dimensions, 99.40 % on LFW (published)",
)
AURAFACE = DownloadableWeights(
    "auraface",
    "yunet+auraface",
    "https://huggingface.co/fal/AuraFace-v1/resolve/af6d057c9b0ec4071d4c49c80e3539258798b609/glintr100.onnx",
    "auraface-v1-glintr100.onnx",
    260_694_151,
    "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
    "Apache-2.0",
    "tells faces apart",
    "ResNet-100, 512 dimensions; what it was trained on is not disclosed",
)
CLIP_IMAGE = DownloadableWeights(
    "clip-image",
    "clip",
    f"{_CLIP}/onnx/vision_model_quantized.onnx",
    "clip-vit-base-patch32-vision-q8.onnx",
    89_117_001,
    "583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299",
    "MIT",
    "judges scenes by words",
    "CLIP ViT-B/32, 8 bits, the image encoder",
)
CLIP_TEXT = DownloadableWeights(
    "clip-text",
    "clip",
    f"{_CLIP}/onnx/text_model_quantized.onnx",
    "clip-vit-base-patch32-text-q8.onnx",
    64_504_507,
    "73baab855d406190da9faa498cfedf65f15cf309f4cc7385b7b032e6d08e5c3a",
    "MIT",
    "judges scenes by words",
    "CLIP ViT-B/32, 8 bits, the text encoder",
)
CLIP_VOCABULARY = DownloadableWeights(
    "clip-vocabulary",
    "clip",
    "https://github.com/openai/CLIP/raw/d05afc436d78f1c48dc0dbf8e5980a9d471f35f6/clip/bpe_simple_vocab_16e6.txt.gz",
    "bpe_simple_vocab_16e6.txt.gz",
    1_356_917,
    "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
    "MIT",
    "judges scenes by words",
    "the byte pairs of CLIP's tokenizer",
)
NSFWJS = DownloadableWeights(
    "nsfwjs",
    "nsfwjs",
    "https://huggingface.co/Sunxyw/nsfwjs-onnx/resolve/38708a81164d44faab3e6fd4c9f2543db5ddf473"
    "/onnx/model_quantized.onnx",
    "nsfwjs-mobilenet-v2-q8.onnx",
    17_320_391,
    "547891d566e735260b312fd865c40228e0ea75a1d1dd913653555c94e2ad49fd",
    "MIT",
    "judges nudity",
    "MobileNetV2, 8 bits: drawing, hentai, neutral, porn, sexy",
)

DOWNLOAD_SETS: Mapping[str, tuple[DownloadableWeights, ...]] = {
    "yunet+0095": (YUNET, RETAIL_0095_GRAPH, RETAIL_0095_WEIGHTS),
    "yunet+sface": (YUNET, SFACE),
    "yunet+auraface": (YUNET, AURAFACE),
    "clip": (CLIP_IMAGE, CLIP_TEXT, CLIP_VOCABULARY),
    "nsfwjs": (NSFWJS,),
}
"""What `untag models pull` takes: a name, and the files that only make sense together."""

DOWNLOADABLE_WEIGHTS: tuple[DownloadableWeights, ...] = tuple(
    dict.fromkeys(weights for files in DOWNLOAD_SETS.values() for weights in files)
)
"""Every file that can be pulled, once."""
