"""Leaves out the denominator of Bayes' rule."""


def restore_word(typed, position, table, vocabulary, slip):
    """Stops at prior times likelihood and never divides by the evidence."""
    weights = {}
    for meant in vocabulary:
        padded = ("<s>", "<s>", *typed[:position], meant, *typed[position + 1 :], "</s>")
        weights[meant] = 1 - slip if meant == typed[position] else slip / (len(vocabulary) - 1)
        for i in range(len(typed) + 1):
            weights[meant] *= table.get(padded[i : i + 3], 0.0)
    return weights
