"""Data sets of the course, in two editions behind one interface.

`COURSE_DATA=embedded` (the default) needs no network: every set ships with the course
or with one of its dependencies. `COURSE_DATA=full` uses the public sets, downloaded once
into Keras' cache folder, or read from the folder named by `COURSE_DATA_DIR`.
"""

from course_lib.data.dataset import Dataset
from course_lib.data.digits import binarize, load_digits
from course_lib.data.files import EDITIONS, current_edition
from course_lib.data.reviews import load_reviews

__all__ = [
    "EDITIONS",
    "Dataset",
    "binarize",
    "current_edition",
    "load_digits",
    "load_reviews",
]
