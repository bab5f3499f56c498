"""Build the book: `python tools/build_book.py`, or `make book`.

The data edition comes from `COURSE_DATA`. Prints what it does, the time each page took to
execute, and the page to open. Fails, naming page and cell, when a cell fails.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time

from book_inputs import ROOT, book_key

from course_lib.data import current_edition

#: Seconds that one page may take to execute, by edition: 45 s or 4 min on two cores, so twice
#: that where pages run side by side, one on each.
PAGE_LIMITS = {"embedded": 90, "full": 480}


def main():
    """Build the book and return the exit status."""
    edition = current_edition()
    output = ROOT if edition == "embedded" else ROOT / "_build" / edition
    build = output / "_build"
    finished = build / "finished"
    key = book_key()
    start = time.perf_counter()
    if finished.is_file() and finished.read_text() == key:
        print(f"Nothing has changed since the book was last built ({edition} data).")
    else:
        finished.unlink(missing_ok=True)
        print(f"Building the book ({edition} data): executing the pages that changed.", flush=True)
        command = ["jupyter-book", "build", str(ROOT), "--path-output", str(output)]
        command += ["-n", "-W", "--keep-going", "--quiet"]
        environment = {**os.environ, "IPYTHONDIR": str(own_ipython_profile(build))}
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status:
            report_failed_cells(build / "html" / "reports")
            # Sphinx would not read an unchanged page again, and so forget its warnings.
            shutil.rmtree(build / ".doctrees", ignore_errors=True)
            return status
        finished.write_text(key)
    report_times(build / "html", edition)
    print(f"Done in {time.perf_counter() - start:.0f} s. Open {build / 'html' / 'index.html'}")
    return 0


def own_ipython_profile(build):
    """Write the kernels' profile, and return its folder.

    The builder's own profile, with its start-up files, must not change the book. Kernels
    warn of their TCP transport whenever they start; on one machine that means nothing.
    """
    profile = build / ".ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n")
    return profile.parent


def report_failed_cells(reports):
    """Print page, line, source and error of every cell that failed in this build."""
    for report in sorted(reports.rglob("*.err.log")):
        page = report.relative_to(reports).as_posix().removesuffix(".err.log") + ".md"
        text = re.sub(r"\x1b\[[0-9;]*m", "", report.read_text("utf-8"))
        # nbclient puts the cell's source between two lines of hyphens.
        cell = text.split("------------------\n")[1].strip()
        before, found, _ = (ROOT / page).read_text("utf-8").partition(cell)
        line = before.count("\n") + 1 if found else "?"
        print(f"\n{page}, line {line}: this cell failed.", file=sys.stderr)
        print("\n".join(f"    {row}" for row in cell.splitlines()), file=sys.stderr)
        print(text.strip().splitlines()[-1], file=sys.stderr)
        report.unlink()


def report_times(html, edition):
    """Print the seconds that each page took when it was last executed."""
    limit = PAGE_LIMITS[edition]
    for page, seconds in json.loads((html / "page-times.json").read_text()).items():
        note = f"  (over the limit of {limit} s)" if seconds > limit else ""
        print(f"{seconds:7.1f} s  {page}{note}")


if __name__ == "__main__":
    sys.exit(main())
