"""The threads of OpenCV and of numpy's BLAS, which get in the way where many threads work already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread_each() -> Iterator[None]:
    """OpenCV and BLAS stay in the thread that calls them, in the whole process, until the block ends.

    BLAS splits even small products, and its threads spin until all are done: with both cores busy decoding, a product
    of 1 ms took 75 ms of processor.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        cv2.setNumThreads(before)
