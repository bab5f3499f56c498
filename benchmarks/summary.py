"""The arithmetic of the benchmark, and its tables in Markdown. Nothing is measured here."""

import itertools
import statistics

#: The contender that the others are divided by.
FLOOR = "JAX loop by hand"
#: How the names of the course's contenders start.
COURSE = "course_lib"

#: Largest difference of -ELBO between contenders that have learned the same, as a share of
#: it. Two runs of one contender differ by about 2 % after so few epochs; one that left its KL
#: term out would be off by 18 %.
TOLERANCE = 0.03
#: Goals: the course's time by the loop's, and the contractive autoencoder's by the plain one's.
LARGEST_RATIO = 1.25
LARGEST_CONTRACTIVE_RATIO = 1.3
#: Goals: plain nbgrader's time by the course's grader's, and the start of a kernel.
SMALLEST_GRADING_RATIO = 3
LONGEST_START = 0.6

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def epoch_seconds(run, clock="ends"):
    """Return the time of a run's fastest epoch, in seconds.

    The first epoch traces and compiles, and does not count. Other programs on the machine
    can only make an epoch slower: the fastest one says most about the contender.

    Args:
        run: A `dict` with the list `clock`, the end of each epoch.
        clock: `"ends"`, or `"cpu_ends"` for processor seconds.

    Returns:
        A number.
    """
    return min(b - a for a, b in itertools.pairwise(run[clock]))


def startup_seconds(run):
    """Return the seconds from launch to the end of the first epoch, less an epoch's own."""
    return run["ends"][0] - run["launched"] - epoch_seconds(run)


def of_contender(runs):
    """Return the runs of each contender, a `dict` in order of appearance."""
    names = dict.fromkeys(run["contender"] for run in runs)
    return {name: [run for run in runs if run["contender"] == name] for name in names}


def by_batch_size(results):
    """Return the training runs of each batch size, a `dict`."""
    sizes = sorted({run["batch_size"] for run in results["training"]})
    return {n: [run for run in results["training"] if run["batch_size"] == n] for n in sizes}


def summarize(runs):
    """Return one row for each contender, from the runs of one batch size.

    Args:
        runs: A list of `dict`s with `contender`, `round`, `launched`, `ends`, `cpu_ends`,
            `losses` and `peak_mib`.

    Returns:
        A `dict` from a contender's name to its row. `ratios` has one number a round: the time
        of an epoch divided by the floor's in the same round.
    """
    contenders = of_contender(runs)
    floor = {run["round"]: epoch_seconds(run) for run in contenders[FLOOR]}
    return {
        name: {
            "ratios": [epoch_seconds(run) / floor[run["round"]] for run in own],
            "seconds": statistics.median(map(epoch_seconds, own)),
            "cpu_seconds": statistics.median(epoch_seconds(run, "cpu_ends") for run in own),
            "startup": statistics.median(map(startup_seconds, own)),
            "peak_mib": max(run["peak_mib"] for run in own),
            "loss": statistics.mean(run["losses"][-1] for run in own),
        }
        for name, own in contenders.items()
    }


def disagreement(runs):
    """Return how far apart the contenders' -ELBO are, as a share of the smallest."""
    losses = [row["loss"] for row in summarize(runs).values()]
    return max(losses) / min(losses) - 1


def is_void(results):
    """Return whether contenders have learned, or graders given, different things."""
    different = results.get("grading", {}).get("different")
    return bool(different) or any(
        disagreement(runs) > TOLERANCE for runs in by_batch_size(results).values()
    )


def contractive_ratios(runs):
    """Return the contractive autoencoder's time by the plain one's, one number a run."""
    return [min(run["contractive"]) / min(run["plain"]) for run in runs]


def goals(results):
    """Return what the project has set itself, and whether it is met.

    Args:
        results: What results.json holds.

    Returns:
        A `dict` from a sentence to a pair: the number that counts, and whether it will do.
    """
    medians = {
        n: {name: statistics.median(row["ratios"]) for name, row in summarize(runs).items()}
        for n, runs in by_batch_size(results).items()
    }
    names = {name for rows in medians.values() for name in rows}
    course = sorted(name for name in names if name.startswith(COURSE))
    # One backend, the same at every batch size: the one whose worst case is best.
    worst, best = min((max(rows[name] for rows in medians.values()), name) for name in course)
    found = {
        f"{best}: at most {LARGEST_RATIO} times the loop": (worst, worst <= LARGEST_RATIO),
    }
    for other in sorted(names - {FLOOR, *course}):
        ratio = max(rows[best] / rows[other] for rows in medians.values())
        found[f"{best}: less time than {other}"] = (ratio, ratio < 1)
    ratio = max(
        statistics.median(contractive_ratios(own))
        for own in of_contender(results["contractive"]).values()
    )
    sentence = f"Contractive autoencoder: at most {LARGEST_CONTRACTIVE_RATIO} times the plain one"
    found[sentence] = (ratio, ratio <= LARGEST_CONTRACTIVE_RATIO)
    if grading := results.get("grading"):
        ratio = grading["plain"]["seconds"] / grading["course"]["seconds"]
        sentence = f"Grading: at least {SMALLEST_GRADING_RATIO} times as fast as plain nbgrader"
        found[sentence] = (ratio, ratio >= SMALLEST_GRADING_RATIO)
        seconds = statistics.median(grading["warm"])
        sentence = f"A sandboxed kernel, ready in at most {LONGEST_START} s"
        found[sentence] = (seconds, seconds <= LONGEST_START)
    return found


def grading_section(grading):
    """Return the text and tables of the comparison of graders.

    Args:
        grading: What `grading.measure` returned, with date, command and machine.

    Returns:
        Markdown.
    """
    machine, n = grading["machine"], grading["n"]
    rows = [
        [
            name,
            f"{grading[key]['seconds']:.0f}",
            f"{grading[key]['seconds'] / n:.1f}",
            f"{grading[key]['cpu_seconds'] / n:.1f}",
            f"{grading['plain']['seconds'] / grading[key]['seconds']:.1f}",
        ]
        for key, name in (("plain", "plain nbgrader"), ("course", "the course's grader"))
    ]
    header = ["", "seconds", "a notebook", "processor seconds a notebook", "times as fast"]
    starts = [
        ["ordinary, cold", spread(grading["cold"])],
        ["sandboxed, forked", spread(grading["warm"])],
    ]
    agree = "Both gave the same points."
    if grading["different"]:
        agree = f"**Void.** Different points: {', '.join(grading['different'])}."
    loads = ", ".join(f"{load:.1f}" for load in grading["loads"])
    return "\n\n".join(
        [
            f"### Grading {n} notebooks with TensorFlow",
            f"Measured on {grading['date']} with `{grading['command']}`, on {machine['cpu']}, "
            f"{machine['cores_used']} of {machine['cores']} cores. Load before each: {loads}. "
            f"{agree}",
            table(header, rows),
            table(["kernel", "seconds until it has TensorFlow and Keras"], starts),
            f"The process that the forked ones come from needs {grading['preload']:.1f} s, once a "
            "batch; it is part of the course's time above.",
        ]
    )


def table(header, rows):
    """Return a Markdown table, its first column aligned left and the others right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def spread(values, form="{:.2f}"):
    """Return the median of some numbers as text, and the lowest and the highest."""
    low, middle, high = (form.format(f(values)) for f in (min, statistics.median, max))
    return middle if low == high else f"{middle} ({low}–{high})"


def training_table(runs):
    """Return the table of one batch size."""
    header = [
        "",
        "times the loop",
        "seconds an epoch",
        "processor seconds",
        "seconds to start",
        "memory, MiB",
        "−ELBO, nats",
    ]
    rows = [
        [
            name,
            spread(row["ratios"]),
            f"{row['seconds']:.2f}",
            f"{row['cpu_seconds']:.2f}",
            f"{row['startup']:.0f}",
            f"{row['peak_mib']}",
            f"{row['loss']:.1f}",
        ]
        for name, row in summarize(runs).items()
    ]
    return table(header, rows)


def agreement(runs):
    """Return the sentence that says whether the contenders of one batch size compare."""
    off = disagreement(runs)
    void = "" if off <= TOLERANCE else "**Void.** "
    return f"{void}−ELBO differs by {off:.1%}; up to {TOLERANCE:.0%} is accepted."


def contractive_table(runs):
    """Return the table of the contractive autoencoder against the plain one."""
    rows = [
        [name, spread(contractive_ratios(own)), f"{min(min(run['plain']) for run in own):.2f}"]
        for name, own in of_contender(runs).items()
    ]
    return table(["", "contractive / plain", "plain, seconds an epoch"], rows)


def log_prob_table(runs, n_pictures=10_000):
    """Return the table of importance sampling, extrapolated to a whole test set."""
    rows = []
    for name, own in of_contender(runs).items():
        seconds = [s for run in own for s in run["seconds_per_picture"]]
        minutes = statistics.median(seconds) * n_pictures / 60
        peak = max(run["peak_mib"] for run in own)
        rows.append([name, spread(seconds, "{:.3f}"), f"{minutes:.0f}", f"{peak}"])
    pictures = f"minutes for {n_pictures:,} pictures"
    return table(["", "seconds a picture", pictures, "memory, MiB"], rows)


def goals_table(results):
    """Return the table of the goals."""
    rows = [
        [sentence, f"{number:.2f}", "yes" if met else "**no**"]
        for sentence, (number, met) in goals(results).items()
    ]
    return table(["goal", "measured ratio", "met"], rows)


def render(results):
    """Return all tables, and what they were measured on, as Markdown.

    Args:
        results: What results.json holds.

    Returns:
        A text.
    """
    machine, data = results["machine"], results["data"]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(results["versions"].items()))
    loads = ", ".join(f"{load:.1f}" for load in results["loads"])
    parts = [
        f"Measured on {results['date']} with `{results['command']}`.",
        f"- Machine: {machine['cpu']}, {machine['cores_used']} of {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}. Load before each round: {loads}.\n"
        f"- Versions: {versions}.\n"
        f"- Data: {data['n']:,} binary pictures of 28×28 pixels, {data['source']}.",
        "### Goals",
        goals_table(results),
    ]
    for batch_size, runs in by_batch_size(results).items():
        n_epochs = len(runs[0]["losses"])
        parts += [
            f"### Training, batches of {batch_size}",
            training_table(runs),
            f"{agreement(runs)} It is that of epoch {n_epochs}.",
        ]
    parts += [
        "### Contractive autoencoder, 784 pixels and 500 sigmoid code units",
        contractive_table(results["contractive"]),
        "### log p(x), 5,000 draws a picture, network 784-200-200-50",
        log_prob_table(results["log_prob"]),
        *([grading_section(results["grading"])] if "grading" in results else []),
        *[f"Left out: {reason}" for reason in results["left_out"]],
    ]
    return "\n\n".join(parts)


def insert(text, tables):
    """Return a text with `tables` between its two markers, instead of what stood there.

    Args:
        text: A README.
        tables: Markdown.

    Returns:
        The new text.

    Raises:
        ValueError: If the text has not each marker once, in their order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"The text must hold {BEGIN!r} and then {END!r}, each once.")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    return f"{before}{BEGIN}\n\n{tables}\n\n{after}"
