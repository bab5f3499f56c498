"""Does not stop at the end of a review."""


def count_trigrams(reviews):
    """Puts all reviews in one row and so counts trigrams that reach from one into the next."""
    words = [w for review in reviews for w in ("<s>", "<s>", *review, "</s>")]
    counts = {}
    for trigram in zip(words, words[1:], words[2:], strict=False):
        counts[trigram] = counts.get(trigram, 0) + 1
    return counts
