"""Plain Python, a generator for each row of random numbers, odds instead of probabilities."""

import math
import random


def count_trigrams(reviews):
    counts = {}
    for review in reviews:
        u, v = "<s>", "<s>"
        for w in [*review, "</s>"]:
            counts.setdefault((u, v, w), 0)
            counts[u, v, w] += 1
            u, v = v, w
    return counts


def smoothed_probability(word, context, counts, alpha, vocabulary):
    seen = 0
    for w in vocabulary + ["</s>"]:  # noqa: RUF005  a student's way of writing it
        seen += counts.get(context + (w,), 0)  # noqa: RUF005
    try:
        return (counts.get(context + (word,), 0) + alpha) / (  # noqa: RUF005
            seen + alpha * len(vocabulary) + alpha
        )
    except ZeroDivisionError:
        return 0


def log_probability(review, table):
    u, v, total = "<s>", "<s>", 0
    for w in list(review) + ["</s>"]:  # noqa: RUF005
        if not table.get((u, v, w)):
            return float("-inf")
        total = total + math.log(table[u, v, w])
        u, v = v, w
    return total


def perplexity(log_probs, n_words):
    nats = predictions = 0
    for log_p, n in zip(log_probs, n_words, strict=True):
        nats -= log_p
        predictions += n + 1
    return math.e ** (nats / predictions)


def greedy_review(table, max_words):
    def grow(u, v, left):
        _, best = max((p, w) for (a, b, w), p in table.items() if (a, b) == (u, v))
        return () if left == 0 or best == "</s>" else (best, *grow(v, best, left - 1))

    return grow("<s>", "<s>", max_words)


def sample_reviews(table, u):
    choices = {}
    for (a, b, w), p in table.items():
        choices.setdefault((a, b), {})[w] = p
    reviews = []
    for row in u.tolist():
        # One generator a review, seeded with the first number of its row.
        generator = random.Random(row[0])
        review, context = [], ("<s>", "<s>")
        for _ in row:
            words = choices[context]
            word = generator.choices(list(words), list(words.values()))[0]
            if word == "</s>":
                break
            review.append(word)
            context = (context[1], word)
        reviews.append(tuple(review))
    return reviews


def restore_word(typed, position, table, vocabulary, slip):
    def weight(candidate):
        review = list(typed)
        review[position] = candidate
        u, v = "<s>", "<s>"
        product = slip if candidate != typed[position] else (1 - slip) * (len(vocabulary) - 1)
        for w in [*review, "</s>"]:
            product *= table.get((u, v, w), 0)
            u, v = v, w
        return product

    total = sum(map(weight, vocabulary))
    return {word: weight(word) / total for word in vocabulary if weight(word) > 0}


def writer_posterior(log_p, prior):
    rows = []
    for row in log_p.tolist():
        best = max(row)
        odds = [p * math.exp(x - best) for x, p in zip(row, prior.tolist(), strict=True)]
        rows.append([x / sum(odds) for x in odds])
    return rows
