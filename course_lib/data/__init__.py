"""Data sets of the course, in two editions behind one interface.

`COURSE_DATA=embedded` (the default) needs no network: every set ships with the course
or with one of its dependencies. `COURSE_DATA=full` uses the public sets, downloaded once
into Keras' cache folder, or read from the folder named by `COURSE_DATA_DIR`.
"""

from course_lib.data.dataset import Dataset
from course_lib.data.digits import binarize, load_digits
from course_lib.data.faces import load_faces
from course_lib.data.files import EDITIONS, current_edition
from course_lib.data.melodies import load_melodies
from course_lib.data.patches import Whitening, load_patches
from course_lib.data.portraits import draw_portraits
from course_lib.data.ratings import load_ratings
from course_lib.data.reviews import load_reviews
from course_lib.data.scenes import load_scenes
from course_lib.data.tumors import load_tumors, load_tumours

__all__ = [
    "EDITIONS",
    "Dataset",
    "Whitening",
    "binarize",
    "current_edition",
    "draw_portraits",
    "load_digits",
    "load_faces",
    "load_melodies",
    "load_patches",
    "load_ratings",
    "load_reviews",
    "load_scenes",
    "load_tumors",
    "load_tumours",
]
