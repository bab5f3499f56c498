"""Process-wide defaults: the one place that limits threads and quiets start-up logs.

Imported before anything else in the package. It takes effect whether or not NumPy and
TensorFlow were imported earlier, as long as TensorFlow has not yet run an operation.
Whatever the user has already set in the environment wins.
"""

import os

import threadpoolctl

#: Upper limit on worker threads. The course's networks are too small to use more.
MAX_THREADS = 4


def available_cores():
    """Return the number of CPU cores that this process may use, as an `int`."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def apply():
    """Set the thread limits and the log level of this process and of its children."""
    # BLAS threads wait by spinning. On a busy machine two of them on one core can be
    # a hundred times slower than one; TensorFlow brings its own, patient, pool.
    if not os.environ.get("OMP_NUM_THREADS"):
        os.environ["OMP_NUM_THREADS"] = "1"
        if not os.environ.get("OPENBLAS_NUM_THREADS"):
            threadpoolctl.threadpool_limits(1, user_api="blas")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", os.environ["OMP_NUM_THREADS"])

    cores = str(min(available_cores(), MAX_THREADS))
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", cores)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    # 2: errors only. TensorFlow's start-up notes would otherwise stand in every notebook.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


apply()
