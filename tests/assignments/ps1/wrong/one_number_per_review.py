"""Reuses a random number."""


def sample_reviews(table, u):
    """Uses the first random number of a row for every word of the review."""
    reviews = []
    for row in u:
        review = ()
        for _ in row:
            context = ("<s>", "<s>", *review)[-2:]
            rest = row[0]
            for (a, b, word), p in table.items():
                if (a, b) == context:
                    rest -= p
                    drawn = word
                    if rest < 0:
                        break
            if drawn == "</s>":
                break
            review = (*review, drawn)
        reviews.append(review)
    return reviews
