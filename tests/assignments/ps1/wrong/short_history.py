"""Mistakes what stands before a word."""


def count_trigrams(reviews):
    """Forgets the two markers before a review."""
    counts = {}
    for review in reviews:
        padded = (*review, "</s>")
        for trigram in zip(padded, padded[1:], padded[2:], strict=False):
            counts[trigram] = counts.get(trigram, 0) + 1
    return counts


def greedy_review(table, max_words):
    """Keeps one word of context: every table it looks up after the first word is the wrong one."""
    review = ()
    while len(review) < max_words:
        context = ("<s>", *review)[-1:]
        outcomes = {w: p for (u, v, w), p in table.items() if (u, v) == ("<s>", *context)}
        if not outcomes:
            break
        best = max(outcomes, key=outcomes.get)
        if best == "</s>":
            break
        review = (*review, best)
    return review
