"""A scan lets no library start threads of its own, and leaves things as they were."""

from __future__ import annotations

import cv2
import pytest
from threadpoolctl import threadpool_info

from untag.support.native_threads import one_thread_each


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_libraries_have_one_thread_and_then_as_many_as_before() -> None:
    before, blas_before = cv2.getNumThreads(), blas_threads()
    with pytest.raises(KeyError), one_thread_each():
        assert cv2.getNumThreads() == 1
        assert blas_threads() <= {1}
        raise KeyError
    assert (cv2.getNumThreads(), blas_threads()) == (before, blas_before)
