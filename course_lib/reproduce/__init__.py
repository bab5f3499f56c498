"""Published results, measured again with the course's own models (chapter 21).

Each experiment is one command, `python -m course_lib.reproduce NAME`, and `make reproduce`
runs them all. They take minutes to hours, so what they found is kept in `results/`, a file
each, with the command, the date, the machine and the time; the chapter reads these files.
"""

from course_lib.reproduce.record import load_result, load_results

__all__ = ["load_result", "load_results"]
