"""NumPy throughout, in log space; some right answers come with a RuntimeWarning."""

import collections

import numpy as np


def windows(review):
    padded = ["<s>", "<s>", *review, "</s>"]
    return [tuple(padded[i : i + 3]) for i in range(len(padded) - 2)]


def count_trigrams(reviews):
    return collections.Counter(t for review in reviews for t in windows(review))


def smoothed_probability(word, context, counts, alpha, vocabulary):
    outcomes = np.array([*vocabulary, "</s>"])
    row = np.array([counts.get((*context, w), 0) for w in outcomes.tolist()]) + alpha
    return row[outcomes == word][0] / (row.sum() or np.inf)


def log_probability(review, table):
    return np.log([table.get(t, 0.0) for t in windows(review)]).sum()


def perplexity(log_probs, n_words):
    n = n_words + 1
    return np.exp(np.average(-log_probs / n, weights=n))


def rows_by_context(table):
    rows = collections.defaultdict(lambda: ([], []))
    for trigram, p in table.items():
        words, probabilities = rows[trigram[:2]]
        words.append(trigram[2])
        probabilities.append(p)
    return {context: (words, np.array(p)) for context, (words, p) in rows.items()}


def greedy_review(table, max_words):
    rows = rows_by_context(table)
    padded = ["<s>", "<s>"]
    for _ in range(max_words):
        words, p = rows[tuple(padded[-2:])]
        padded.append(words[np.argmax(p)])
        if padded[-1] == "</s>":
            return padded[2:-1]
    return padded[2:]


def sample_reviews(table, u):
    rows = {
        context: (words, np.cumsum(p)) for context, (words, p) in rows_by_context(table).items()
    }
    reviews = []
    for thresholds in u:
        padded = ["<s>", "<s>"]
        for threshold in thresholds:
            words, ends = rows[tuple(padded[-2:])]
            i = np.searchsorted(ends, threshold * ends[-1], side="right")
            padded.append(words[i])
            if words[i] == "</s>":
                break
        reviews.append([w for w in padded if w not in ("<s>", "</s>")])
    return reviews


def restore_word(typed, position, table, vocabulary, slip):
    vocabulary = list(vocabulary)
    log_joint = np.full(len(vocabulary), np.log(slip / (len(vocabulary) - 1)))
    log_joint[vocabulary.index(typed[position])] = np.log(1 - slip)
    for k, candidate in enumerate(vocabulary):
        review = [*typed]
        review[position] = candidate
        # Only the three factors that contain the candidate differ between candidates.
        changed = windows(review)[position : position + 3]
        log_joint[k] += np.log([table.get(t, 0.0) for t in changed]).sum()
    posterior = np.exp(log_joint - np.logaddexp.reduce(log_joint))
    return dict(zip(vocabulary, posterior, strict=True))


def writer_posterior(log_p, prior):
    log_joint = log_p + np.log(prior)
    return np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=1)[:, None])
