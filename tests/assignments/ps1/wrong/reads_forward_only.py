"""Reads a review as if it were still being written."""


def restore_word(typed, position, table, vocabulary, slip):
    """Looks only at the words before the gap, as if the review were being written."""
    context = ("<s>", "<s>", *typed[:position])[-2:]
    weights = {
        word: (1 - slip if word == typed[position] else slip / (len(vocabulary) - 1))
        * table.get((*context, word), 0.0)
        for word in vocabulary
    }
    total = sum(weights.values()) or 1.0
    return {word: weight / total for word, weight in weights.items()}
