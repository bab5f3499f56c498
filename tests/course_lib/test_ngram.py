"""The n-gram model against enumeration, hand calculation and chance."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats

from course_lib.data import load_reviews
from course_lib.ngram import END, MAX_COMPLETIONS, START, NgramModel

#: Double precision: a product or quotient is off by at most half of it, relatively.
EPS = np.finfo(float).eps

# A probability here is a product of at most 7 factors, each a quotient or, smoothed, the sum
# of up to 4 nested ones: below 7 * 20 roundings. Going through logarithms adds an absolute
# error of about |log p| * EPS, below 100 * EPS. So 1e-12 = 4500 * EPS is generous, and far
# below any mistake in a count.
TOLERANCE = 1e-12

#: Orders from unigrams to contexts longer than any sequence, without and with smoothing.
MODELS = [
    pytest.param(order, smoothing, id=f"order{order}-smoothing{smoothing}")
    for order in (1, 2, 3, 5)
    for smoothing in (0.0, 0.3, 5.0)
]


def corpus(seed, n=12, words="abc", longest=4):
    """Draw sequences of one to `longest` words, the longest among them."""
    rng = np.random.default_rng(seed)
    lengths = [*rng.integers(1, longest + 1, n - 1), longest]
    return [tuple(rng.choice(list(words), k).tolist()) for k in lengths]


def all_sequences(words, longest):
    for length in range(1, longest + 1):
        yield from itertools.product(words, repeat=length)


def total_probability(model):
    sequences = all_sequences(model.vocabulary, model.max_length)
    return math.fsum(math.exp(model.log_prob(sequence)) for sequence in sequences)


def count(sequences, context, word, longest, order):
    """Count by hand how often `word` follows `context` in padded sequences."""
    n = 0
    for sequence in sequences:
        end = (END,) if len(sequence) < longest else ()
        padded = (START,) * (order - 1) + tuple(sequence) + end
        for i in range(order - 1, len(padded)):
            n += padded[i] == word and padded[i - len(context) : i] == context
    return n


def smoothed(sequences, context, word, vocabulary, longest, order, alpha):
    """Return the smoothed estimate as an exact fraction, straight from its definition."""
    outcomes = (*vocabulary, END)
    n_word = count(sequences, context, word, longest, order)
    n_context = sum(count(sequences, context, w, longest, order) for w in outcomes)
    if context:
        shorter = smoothed(sequences, context[1:], word, vocabulary, longest, order, alpha)
    else:
        shorter = Fraction(1, len(outcomes))
    return (n_word + alpha * shorter) / (n_context + alpha)


# Equations


@pytest.mark.equation("eq-joint-chain")
def test_joint_is_the_product_of_conditionals():
    # Any joint distribution of three words, as conditionals that are ratios of its marginals:
    # a trigram model of three words forgets nothing, so it must give the joint table back.
    words = "abc"
    joint = np.random.default_rng(0).dirichlet(np.ones(27)).reshape(3, 3, 3)
    tables = {(): dict(zip(words, joint.sum(axis=(1, 2)), strict=True))}
    for i in range(3):
        tables[(words[i],)] = dict(zip(words, joint[i].sum(axis=1) / joint[i].sum(), strict=True))
        for j in range(3):
            conditional = joint[i, j] / joint[i, j].sum()
            tables[(words[i], words[j])] = dict(zip(words, conditional, strict=True))
    model = NgramModel.from_tables(tables, order=3, max_length=3)
    for i, j, k in np.ndindex(3, 3, 3):
        sequence = (words[i], words[j], words[k])
        assert math.exp(model.log_prob(sequence)) == pytest.approx(joint[i, j, k], rel=TOLERANCE)


@pytest.mark.equation("eq-trigram")
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_sequence_probability_is_the_product_of_trigram_factors(smoothing):
    model = NgramModel(order=3, smoothing=smoothing).fit(corpus(1))
    assert model.max_length == 4
    for x in all_sequences("abc", 4):
        factors = [model.prob(x[0])]
        if len(x) > 1:
            factors.append(model.prob(x[1], x[:1]))
        for i in range(2, len(x)):
            factors.append(model.prob(x[i], (x[i - 2], x[i - 1])))
        if len(x) < 4:
            factors.append(model.prob(END, x[-2:]))
        expected = math.prod(factors)
        assert math.exp(model.log_prob(x)) == pytest.approx(expected, rel=TOLERANCE, abs=0)


@pytest.mark.equation("eq-trigram")
def test_trigram_factor_forgets_all_but_two_words():
    model = NgramModel(order=3, smoothing=0.5).fit(corpus(2))
    for older, context in itertools.product("abc", itertools.product("abc", repeat=2)):
        for word in ("a", "b", "c", END):
            assert model.prob(word, (older, *context)) == model.prob(word, context)


@pytest.mark.equation("eq-count-ratio")
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_estimate_is_a_ratio_of_counts(order):
    sequences = corpus(3)
    model = NgramModel(order=order).fit(sequences)
    checked = 0
    # Contexts that start a sequence hold START; prob() takes them as fewer words.
    for length in range(4):
        for words in itertools.product("abc", repeat=length):
            context = ((START,) * order + words)[len(words) + 1 :]
            assert len(context) == order - 1
            counts = {w: count(sequences, context, w, 4, order) for w in ("a", "b", "c", END)}
            if not words:
                del counts[END]  # the first outcome is never END
            for word, n in counts.items():
                if sum(counts.values()):
                    expected = n / sum(counts.values())
                    assert model.prob(word, words) == pytest.approx(expected, rel=TOLERANCE, abs=0)
                    checked += 1
                elif word != END:
                    assert model.prob(word, words) == 0
    assert checked >= 10


@pytest.mark.equation("eq-count-ratio")
def test_count_ratio_of_a_corpus_counted_by_hand():
    corpus = ["a good film", "a good plot", "a bad film", "good film", "a good film indeed"]
    model = NgramModel(order=3).fit(tuple(review.split()) for review in corpus)
    assert model.prob("a") == 4 / 5
    assert model.prob("good", ("a",)) == 3 / 4
    assert model.prob("film", ("a", "good")) == 2 / 3
    assert model.prob(END, ("good", "film")) == 2 / 3  # of three, one goes on with "indeed"
    assert model.prob("bad", ("a", "good")) == 0


WORKED = {
    (): {"waste": 0.2, "best": 0.7},
    ("waste",): {"of": 0.25},
    ("waste", "of"): {"time": 0.61, "money": 0.3},
    ("of", "time"): {"and": 0.5},
    ("time", "and"): {"money": 0.33},
}


@pytest.mark.equation("eq-worked-product")
def test_worked_product_of_five_given_factors():
    model = NgramModel.from_tables(WORKED, order=3, max_length=5)
    log_p = model.log_prob(("waste", "of", "time", "and", "money"))
    # 0.2 * 0.25 * 0.61 * 0.50 * 0.33 by hand; after five words no factor for the end.
    assert math.exp(log_p) == pytest.approx(0.0050325, rel=TOLERANCE)
    assert log_p == pytest.approx(math.log(0.0050325), rel=TOLERANCE)


@pytest.mark.equation("eq-worked-product")
def test_worked_product_that_ends_early_has_a_factor_for_the_end():
    tables = {**WORKED, ("of", "time"): {"and": 0.5, END: 0.4}}
    model = NgramModel.from_tables(tables, order=3, max_length=5)
    expected = 0.2 * 0.25 * 0.61 * 0.4
    assert math.exp(model.log_prob(("waste", "of", "time"))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.equation("eq-smoothing")
def test_smoothing_by_hand():
    # Three outcomes: "a", "b", END. Counts after "a": b twice; END once. In all: a twice,
    # b twice, END twice (nothing reaches three words). With alpha = 1:
    model = NgramModel(order=2, smoothing=1, max_length=3).fit([("a", "b"), ("a", "b")])
    p_b = Fraction(2 + Fraction(1, 3)) / (6 + 1)  # (n(b) + 1 * 1/3) / (n + 1)
    assert model.prob("b", ("a",)) == pytest.approx(float((2 + p_b) / (2 + 1)), rel=TOLERANCE)
    assert model.prob("b", ("b",)) == pytest.approx(float((0 + p_b) / (2 + 1)), rel=TOLERANCE)


@pytest.mark.equation("eq-smoothing")
@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("alpha", [Fraction(1, 8), Fraction(3)])
def test_smoothing_is_the_recursion_down_to_uniform(order, alpha):
    sequences = corpus(4, n=6)
    model = NgramModel(order=order, smoothing=float(alpha), vocabulary=("d",)).fit(sequences)
    vocabulary = ("a", "b", "c", "d")
    assert model.vocabulary == vocabulary
    for words in [("b",), ("a", "c"), ("d",), ("a", "b", "c"), ("c", "d", "a")]:
        context = ((START,) * order + words)[len(words) + 1 :]
        for word in (*vocabulary, END):
            expected = smoothed(sequences, context, word, vocabulary, 4, order, alpha)
            assert model.prob(word, words) == pytest.approx(float(expected), rel=TOLERANCE)


@pytest.mark.equation("eq-smoothing")
def test_first_word_is_the_smoothed_estimate_without_the_end():
    sequences, alpha = corpus(5, n=6), Fraction(1, 2)
    model = NgramModel(order=3, smoothing=0.5).fit(sequences)
    estimates = {
        w: smoothed(sequences, (START, START), w, "abc", 4, 3, alpha) for w in ("a", "b", "c", END)
    }
    for word in "abc":
        expected = estimates[word] / (1 - estimates[END])
        assert model.prob(word) == pytest.approx(float(expected), rel=TOLERANCE)
    assert model.prob(END) == 0


@pytest.mark.equation("eq-completion")
@pytest.mark.parametrize(("order", "smoothing"), MODELS)
@pytest.mark.parametrize(
    "gapped",
    [("a", None), (None, "b"), ("a", None, "b"), (None, None), (None, "c", None, "b"), (None,)],
)
def test_completion_is_bayes_over_all_sequences(order, smoothing, gapped):
    model = NgramModel(order=order, smoothing=smoothing).fit(corpus(6, n=25))
    # Enumerate all sequences whatever, and keep those that agree with what is given.
    joint = {
        sequence: math.exp(model.log_prob(sequence))
        for sequence in all_sequences("abc", 4)
        if len(sequence) == len(gapped)
        and all(g is None or g == w for g, w in zip(gapped, sequence, strict=True))
    }
    evidence = math.fsum(joint.values())
    assert evidence > 0
    found = dict(model.complete(gapped, top=len(joint)))
    for sequence, p in joint.items():
        expected = p / evidence
        assert found.get(sequence, 0.0) == pytest.approx(expected, rel=TOLERANCE, abs=0)
    assert math.fsum(found.values()) == pytest.approx(1, rel=TOLERANCE)


@pytest.mark.equation("eq-completion")
def test_completion_listens_to_the_words_after_the_gap():
    # "b" is the likelier word after "a", but only "c" is ever followed by "d".
    model = NgramModel(order=2).fit([("a", "b", "e")] * 9 + [("a", "c", "d")])
    assert model.complete(("a", None, "d")) == [(("a", "c", "d"), 1.0)]


@pytest.mark.equation("eq-completion")
def test_completion_knows_where_a_sequence_ends():
    # After "a" come "b" nine times of ten, never as the last word.
    model = NgramModel(order=2).fit([("a", "b", "e")] * 9 + [("a", "c")])
    assert model.complete(("a", None)) == [(("a", "c"), 1.0)]


def test_completions_are_sorted_and_cut():
    model = NgramModel(order=2, smoothing=0.5).fit(corpus(7))
    full = model.complete((None, "a", None), top=9)
    assert len(full) == 9
    assert [p for _, p in full] == sorted((p for _, p in full), reverse=True)
    assert model.complete((None, "a", None), top=2) == full[:2]
    assert model.complete((None, "a", None)) == full[:1]


def test_completion_of_improbable_sequences_does_not_underflow():
    # 300 given words of probability 1/100 each: 1e-600 is below the smallest double.
    tables = {(): {"x": 0.01, "y": 0.69, "z": 0.3}}
    model = NgramModel.from_tables(tables, order=1, max_length=301)
    completions = dict(model.complete(("x",) * 300 + (None,), top=3))
    # Terms of the order of 1400 nats are rounded before they are subtracted.
    tolerance = 301 * 1400 * EPS
    for word, p in tables[()].items():
        assert completions[("x",) * 300 + (word,)] == pytest.approx(p, rel=tolerance)


@pytest.mark.equation("eq-log-score")
def test_log_of_the_product_is_the_sum_of_the_logs():
    sequences = corpus(8, n=30)
    model = NgramModel(order=2, smoothing=0.1).fit(sequences)
    for x in set(sequences):
        factors = [model.prob(word, x[:i]) for i, word in enumerate(x)]
        if len(x) < 4:
            factors.append(model.prob(END, x))
        assert model.log_prob(x) == pytest.approx(math.log(math.prod(factors)), abs=TOLERANCE)
        assert model.log_prob(x) == pytest.approx(sum(map(math.log, factors)), abs=TOLERANCE)


@pytest.mark.equation("eq-log-score")
def test_log_score_keeps_the_ranking():
    model = NgramModel(order=3, smoothing=0.7).fit(corpus(9))
    scores = []
    for x in all_sequences("abc", 3):
        factors = [model.prob(word, x[:i]) for i, word in enumerate(x)]
        scores.append((math.prod(factors) * model.prob(END, x), model.log_prob(x)))
    for (p, log_p), (q, log_q) in itertools.combinations(scores, 2):
        # Compare what differs by more than rounding.
        if abs(p - q) > TOLERANCE * max(p, q):
            assert (p < q) == (log_p < log_q)


@pytest.mark.equation("eq-log-score")
def test_log_score_is_finite_where_the_product_underflows():
    model = NgramModel.from_tables({(): {"a": 0.1, "b": 0.9}}, order=1, max_length=400)
    assert math.prod([0.1] * 400) == 0
    # Each of 400 additions rounds a number of at most 921 nats.
    tolerance = 400 * 922 * EPS
    assert model.log_prob(("a",) * 400) == pytest.approx(400 * math.log(0.1), abs=tolerance)
    # Both products are 0; the logarithms still say which is likelier.
    assert model.log_prob(("a",) * 400) < model.log_prob(("a",) * 399 + ("b",))


# A distribution over sequences


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("order", "smoothing"), MODELS)
def test_probabilities_of_all_sequences_add_up_to_one(order, smoothing, seed):
    model = NgramModel(order=order, smoothing=smoothing).fit(corpus(seed, n=3 + 4 * seed))
    # fsum is exact; the 120 terms are each off by TOLERANCE at most, relatively.
    assert total_probability(model) == pytest.approx(1, rel=TOLERANCE)


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize("max_length", [3, 5])
def test_probabilities_add_up_when_a_last_word_can_come_earlier(max_length, smoothing):
    # In training "c" is only ever the third of three words, so nothing is counted after it;
    # but "a" may be followed by "c" at once, and then the model has to go on from there.
    sequences = [("a", "a", "c"), ("b", "a", "c")]
    model = NgramModel(order=2, smoothing=smoothing, max_length=max_length).fit(sequences)
    assert total_probability(model) == pytest.approx(1, rel=TOLERANCE)


@pytest.mark.parametrize("max_length", [4, 5, 6])
def test_probabilities_add_up_when_longer_sequences_are_allowed(max_length):
    model = NgramModel(order=2, max_length=max_length).fit(corpus(10))
    assert total_probability(model) == pytest.approx(1, rel=TOLERANCE)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_reviews_can_be_sampled(order):
    reviews = load_reviews("embedded")
    model = NgramModel(order=order).fit(reviews.x_train)
    rng = np.random.default_rng(0)
    for _ in range(1000):
        review = model.sample(rng)
        assert 1 <= len(review) <= 5
        assert model.log_prob(review) > -math.inf


@pytest.mark.parametrize(("order", "smoothing"), MODELS)
def test_next_word_probabilities_agree_with_prob_and_add_up(order, smoothing):
    sequences = corpus(11)
    model = NgramModel(order=order, smoothing=smoothing).fit(sequences)
    prefixes = {sequence[:i] for sequence in sequences for i in range(min(len(sequence), 3))}
    for prefix in prefixes:
        probs = model.next_word_probs(prefix)
        assert tuple(probs) == (*model.vocabulary, END)
        for word, p in probs.items():
            assert p == pytest.approx(model.prob(word, prefix), rel=TOLERANCE, abs=0)
            assert isinstance(p, float)
        assert math.fsum(probs.values()) == pytest.approx(1, rel=TOLERANCE)
    assert model.next_word_probs()[END] == 0


def test_sequence_that_was_never_seen_has_log_probability_minus_infinity():
    model = NgramModel(order=2).fit([("a", "b"), ("b", "a")])
    assert model.log_prob(("a", "a")) == -math.inf
    assert model.log_prob(("a", "b")) > -math.inf


def test_smoothed_model_gives_everything_some_probability():
    model = NgramModel(order=3, smoothing=0.01, vocabulary=("d",)).fit(corpus(12))
    assert all(model.log_prob(x) > -math.inf for x in all_sequences("abcd", 4))


def test_strong_smoothing_forgets_the_counts():
    model = NgramModel(order=3, smoothing=1e9).fit(corpus(13))
    # Counts of at most 50 against 1e9 pseudo-counts: off by at most 50 / 1e9 at each level.
    for p in model.next_word_probs(("a", "b")).values():
        assert p == pytest.approx(1 / 4, abs=3 * 50 / 1e9)


def test_weak_smoothing_comes_close_to_the_ratio_of_counts():
    sequences = corpus(14)
    plain = NgramModel(order=2).fit(sequences)
    weak = NgramModel(order=2, smoothing=1e-9).fit(sequences)
    for prefix in [(), ("a",), ("b",), ("c",)]:
        for word, p in plain.next_word_probs(prefix).items():
            # alpha / (n + alpha) <= 1e-9 of the weight goes elsewhere; the first word's
            # renormalization can double it.
            assert weak.prob(word, prefix) == pytest.approx(p, abs=4e-9)


def test_order_of_the_sequences_does_not_matter():
    sequences = corpus(15)
    a, b = (NgramModel(smoothing=0.5).fit(s) for s in (sequences, sequences[::-1]))
    assert all(a.log_prob(x) == b.log_prob(x) for x in all_sequences("abc", 3))


def test_repeating_the_corpus_leaves_the_ratios():
    sequences = corpus(16)
    a, b = NgramModel(order=2).fit(sequences), NgramModel(order=2).fit(sequences * 3)
    for x in all_sequences("abc", 3):
        assert a.log_prob(x) == b.log_prob(x)


# Generating


@pytest.mark.parametrize("smoothing", [0.0, 0.4])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_samples_are_as_frequent_as_the_model_says(order, smoothing):
    sequences = corpus(17, n=8, words="ab", longest=3)
    model = NgramModel(order=order, smoothing=smoothing).fit(sequences)
    n, rng = 5000, np.random.default_rng(18)
    drawn = Counter(model.sample(rng) for _ in range(n))
    for x in all_sequences("ab", 3):
        p = min(1.0, math.exp(model.log_prob(x)))
        # An exact test of each of 14 sequences: under another seed, one of the 6 cases would
        # fail with probability below 6 * 14 * 1e-9 < 1e-7.
        assert scipy.stats.binomtest(drawn[x], n, p).pvalue > 1e-9
    assert sum(drawn[x] for x in all_sequences("ab", 3)) == n


def test_sample_with_a_seed_repeats_itself():
    model = NgramModel(order=2, smoothing=1.0).fit(corpus(19))
    first = [model.sample(seed) for seed in range(20)]
    assert first == [model.sample(seed) for seed in range(20)]
    assert len(set(first)) > 1
    assert first[3] == model.sample(np.random.default_rng(3))


def test_sample_without_a_seed_differs_from_time_to_time():
    model = NgramModel(order=1, smoothing=1.0, max_length=60).fit([("a", "b") * 30])
    # 60 words of 2 about equally probable ones: equal with probability of order 2^-60.
    assert model.sample() != model.sample()


def test_generator_goes_on():
    model = NgramModel(order=2, smoothing=1.0).fit(corpus(20))
    rng = np.random.default_rng(0)
    assert len({model.sample(rng) for _ in range(50)}) > 1


@pytest.mark.parametrize(("order", "smoothing"), MODELS)
def test_greedy_takes_the_most_probable_next_word(order, smoothing):
    model = NgramModel(order=order, smoothing=smoothing).fit(corpus(21, n=20))
    expected = ()
    while len(expected) < 4:
        probs = model.next_word_probs(expected)
        best = max(probs, key=probs.get)  # the first of equals, in the order of the vocabulary
        if best == END:
            break
        expected = (*expected, best)
    assert model.greedy() == expected
    assert model.greedy() == expected


def test_greedy_resolves_ties_by_the_order_of_the_vocabulary():
    assert NgramModel(order=2).fit([("b",), ("a",)]).greedy() == ("a",)
    # A word and the end, equally often: the word.
    model = NgramModel(order=2).fit([("a",), ("a", "b")])
    assert model.prob(END, ("a",)) == model.prob("b", ("a",)) == 0.5
    assert model.greedy() == ("a", "b")


def test_greedy_is_not_the_most_probable_sequence():
    # First word "a" (0.6), but then many ways to go on; "b" (0.4) goes on in one way.
    model = NgramModel(order=2).fit([*[("a", w) for w in "cdefgh"], *[("b", "c")] * 4])
    greedy = model.greedy()
    assert greedy[0] == "a"
    assert model.log_prob(greedy) < model.log_prob(("b", "c"))


def test_generation_stops_at_the_longest_sequence():
    tables = {(): {"a": 1.0}}
    model = NgramModel.from_tables(tables, order=1, max_length=7)
    assert model.sample(0) == model.greedy() == ("a",) * 7


@pytest.mark.parametrize("smoothing", [0.0, 0.4])
def test_samples_with_a_prefix_are_draws_given_that_prefix(smoothing):
    sequences = corpus(22, n=20, words="ab", longest=3)
    model = NgramModel(order=2, smoothing=smoothing).fit(sequences)
    joint = {x: math.exp(model.log_prob(x)) for x in all_sequences("ab", 3) if x[0] == "a"}
    n, rng = 5000, np.random.default_rng(23)
    drawn = Counter(model.sample(rng, prefix=("a",)) for _ in range(n))
    for x, p in joint.items():
        p_given = min(1.0, p / math.fsum(joint.values()))
        assert scipy.stats.binomtest(drawn[x], n, p_given).pvalue > 1e-9  # exact, as above
    assert sum(drawn[x] for x in joint) == n


def test_greedy_goes_on_from_a_prefix():
    model = NgramModel(order=2).fit([("a", "b", "c"), ("a", "b"), ("a", "b", "c"), ("c", "a")])
    assert model.greedy() == ("a", "b", "c")
    assert model.greedy(prefix=["c"]) == ("c", "a", "b")
    assert model.greedy(prefix=("a", "b", "c")) == ("a", "b", "c")


# Words of any kind


def test_words_may_be_numbers():
    rows = [(0, 0, 1), (0, 1, 1), (1, 1, 1)]
    model = NgramModel(order=2).fit(rows)
    assert model.vocabulary == (0, 1)
    assert model.prob(1, (0,)) == 2 / 3
    assert model.log_prob((0, 0, 1)) == pytest.approx(math.log(2 / 3 / 3 * 2 / 3), abs=TOLERANCE)
    assert set(model.sample(0)) <= {0, 1}
    assert model.complete((0, None, 1))[0][0] in {(0, 0, 1), (0, 1, 1)}


def test_words_may_be_rows_of_an_array():
    pixels = np.array([[0, 0, 1], [0, 1, 1]])
    model = NgramModel(order=2).fit(pixels)
    assert model.prob(1, pixels[0, :1]) == model.prob(1, (0,)) == 2 / 3
    assert model.log_prob(pixels[0]) == model.log_prob((0, 0, 1))


def test_words_of_several_types_and_tuples_as_words():
    model = NgramModel(order=2).fit([("a", 1, (2, 3)), (1, "a", (2, 3))])
    assert set(model.vocabulary) == {"a", 1, (2, 3)}
    assert model.prob((2, 3), (1,)) == 0.5


def test_vocabulary_is_sorted_and_joins_the_given_words():
    model = NgramModel(vocabulary=("z", "b")).fit([("c", "a")])
    assert model.vocabulary == ("a", "b", "c", "z")
    assert model.prob("z") == 0


def test_sequences_may_be_lists_from_a_generator():
    model = NgramModel(order=2)
    assert model.fit([w for w in ("a", "b")] for _ in range(2)) is model
    assert model.log_prob(["a", "b"]) == model.log_prob(("a", "b")) == 0


def test_longest_training_sequence_is_the_limit_unless_one_is_given():
    assert NgramModel().fit([("a",), ("a", "b")]).max_length == 2
    assert NgramModel(max_length=6).fit([("a",), ("a", "b")]).max_length == 6


def test_fitting_again_starts_over():
    model = NgramModel(order=2, max_length=2).fit([("a", "b")])
    model.fit([("a", "c")])
    assert model.prob("c", ("a",)) == 1


# Given tables


def test_tables_that_leave_words_out_can_be_scored():
    model = NgramModel.from_tables(WORKED, order=3, max_length=5)
    assert model.prob("money", ("waste", "of")) == 0.3
    assert model.prob("time", ("and",)) == 0
    assert model.vocabulary == ("and", "best", "money", "of", "time", "waste")
    assert model.complete(("waste", "of", None, "and", "money")) == [
        (("waste", "of", "time", "and", "money"), 1.0)
    ]


@pytest.mark.parametrize("generate", [NgramModel.sample, NgramModel.greedy])
def test_tables_that_leave_words_out_refuse_to_generate(generate):
    model = NgramModel.from_tables(WORKED, order=3, max_length=5)
    with pytest.raises(
        ValueError, match=r"every next word, adding up to 1\. Received: 0\.9 in all"
    ):
        generate(model)
    model = NgramModel.from_tables({(): {"a": 1.0}}, order=2, max_length=3)
    with pytest.raises(ValueError, match=r"Received: 0 in all after \('a',\)"):
        generate(model)


def test_complete_tables_can_generate():
    tables = {(): {"a": 1.0}, ("a",): {"b": 0.5, END: 0.5}, ("b",): {"a": 0.25, END: 0.75}}
    model = NgramModel.from_tables(tables, order=2, max_length=4)
    assert total_probability(model) == pytest.approx(1, rel=TOLERANCE)
    rng = np.random.default_rng(0)
    assert {model.sample(rng)[0] for _ in range(20)} == {"a"}
    assert model.greedy() == ("a", "b")


def test_tables_of_the_caller_are_not_changed():
    tables = {(): {"a": 1.0}}
    model = NgramModel.from_tables(tables, order=2)
    tables[()]["a"] = 0.0
    assert model.prob("a") == 1


# Bad input: one clear error


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"order": 0}, "order=0"),
        ({"order": -1}, "order=-1"),
        ({"order": 2.0}, "order=2.0"),
        ({"order": "3"}, "order='3'"),
        ({"smoothing": -0.1}, "smoothing=-0.1"),
        ({"smoothing": math.inf}, "smoothing=inf"),
        ({"smoothing": math.nan}, "smoothing=nan"),
        ({"smoothing": "much"}, "smoothing='?much"),
        ({"max_length": 0}, "max_length=0"),
        ({"max_length": 2.5}, "max_length=2.5"),
        ({"vocabulary": ("a", END)}, END),
        ({"vocabulary": ("a", START)}, START),
    ],
)
def test_bad_constructor_argument(arguments, received):
    with pytest.raises(ValueError, match=f"Received: .*{received}"):
        NgramModel(**arguments)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "at least one sequence. Received: an empty corpus"),
        ([("a",), ()], "Sequence 1 must have at least one word. Received: an empty one"),
        ([("a",), "a b"], "Sequence 1 must be .*split the text first. Received: the string 'a b'"),
        ("a b", "Sequence 0 must be .*Received: the string 'a'"),
        ([("a", START)], "reserved word.*Received"),
        ([(END,)], "reserved word.*Received"),
        ([("a", None)], "None.*Received"),  # None marks a gap
    ],
)
def test_bad_corpus(sequences, message):
    with pytest.raises(ValueError, match=message):
        NgramModel().fit(sequences)


def test_training_sequence_longer_than_the_limit():
    with pytest.raises(ValueError, match=r"at most max_length=2 words. Received: one of 3 words"):
        NgramModel(max_length=2).fit([("a",), ("a", "b", "c")])


@pytest.fixture
def fitted():
    return NgramModel(order=2).fit([("a", "b"), ("a", "c")])


@pytest.mark.parametrize("score", [NgramModel.log_prob, NgramModel.complete])
@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("a b", "split the text first. Received: the string 'a b'"),
        ((), "at least one word. Received: an empty one"),
        (("a", "b", "c"), "at most max_length=2 words. Received: 3 words"),
        (("a", "x"), r"Not in the vocabulary of 3 words: \['x'\]"),
        (("a", END), "reserved word.*Received"),
    ],
)
def test_bad_sequence(fitted, score, sequence, message):
    with pytest.raises(ValueError, match=message):
        score(fitted, sequence)


def test_gap_cannot_be_scored(fitted):
    with pytest.raises(ValueError, match=r"None.*Received"):
        fitted.log_prob(("a", None))


@pytest.mark.parametrize("generate", [NgramModel.sample, NgramModel.greedy])
@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        (("x",), "Not in the vocabulary"),
        (("a", "b", "c"), r"at most max_length=2 words\. Received: 3 words"),
        ("ab", r"split the text first\. Received: the string 'ab'"),
        ((END,), f"{END}.*Received"),
    ],
)
def test_bad_prefix(fitted, generate, prefix, message):
    with pytest.raises(ValueError, match=message):
        generate(fitted, prefix=prefix)


@pytest.mark.parametrize("ask", [NgramModel.prob, lambda m, w: m.next_word_probs((w,))])
@pytest.mark.parametrize("word", ["x", START, None, 7])
def test_unknown_word(fitted, ask, word):
    with pytest.raises(ValueError, match="Not in the vocabulary of 3 words"):
        ask(fitted, word)


@pytest.mark.parametrize("context", [("x",), ("a", END), (START,)])
def test_unknown_word_in_the_context(fitted, context):
    with pytest.raises(ValueError, match="Not in the vocabulary of 3 words"):
        fitted.prob("a", context)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.log_prob(("a",)),
        lambda model: model.prob("a"),
        lambda model: model.next_word_probs(),
        lambda model: model.sample(),
        lambda model: model.greedy(),
        lambda model: model.complete((None,)),
    ],
    ids=["log_prob", "prob", "next_word_probs", "sample", "greedy", "complete"],
)
def test_model_that_was_not_fitted(ask):
    with pytest.raises(ValueError, match="fit"):
        ask(NgramModel())


def test_complete_needs_a_gap(fitted):
    with pytest.raises(ValueError, match=r"needs a gap, marked None. Received: \('a', 'b'\)"):
        fitted.complete(("a", "b"))


def test_complete_that_is_impossible(fitted):
    with pytest.raises(ValueError, match=r"No completion has a probability above 0. Received"):
        fitted.complete(("b", None))


def test_complete_with_too_many_ways():
    words = tuple(map(str, range(101)))
    model = NgramModel(order=1, smoothing=1.0, max_length=3).fit([(w,) for w in words])
    assert MAX_COMPLETIONS < 101**3
    with pytest.raises(ValueError, match=r"3 gaps over 101 words are 1030301 completions.*Rec"):
        model.complete((None, None, None))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({("a", "b", "c"): {"d": 1.0}}, r"at most order - 1 = 2 words.*Received: \('a', 'b', 'c'"),
        ({"a": {"b": 1.0}}, "A context is a tuple.*Received: 'a'"),
        ({(): {"a": 0.7, "b": 0.4}}, r"at most 1. Received: .*0\.4.* after \(\)"),
        ({(): {"a": -0.1}}, r"at least 0.*Received: .*-0\.1"),
        ({(): {"a": math.nan}}, "Received: .*nan"),
        ({(): {"a": 1.5, "b": -0.5}}, "Received: "),
        ({(START, "a"): {"b": 1.0}}, "Received: "),
        ({("a", END): {"b": 1.0}}, "Received: "),
        ({(): {START: 1.0}}, "Received: "),
    ],
)
def test_bad_tables(tables, message):
    with pytest.raises(ValueError, match=message):
        NgramModel.from_tables(tables)


def test_tables_need_a_longest_sequence():
    with pytest.raises(ValueError, match=r"max_length.*Received"):
        NgramModel.from_tables({(): {"a": 1.0}}, max_length=None)


def test_tables_of_unigrams_have_one_context():
    model = NgramModel.from_tables({(): {"a": 0.5, END: 0.5}}, order=1, max_length=3)
    # The first word is never END: "a" surely; then a fair coin decides.
    assert math.exp(model.log_prob(("a",))) == pytest.approx(0.5, rel=TOLERANCE)
    assert math.exp(model.log_prob(("a", "a", "a"))) == pytest.approx(0.25, rel=TOLERANCE)
    with pytest.raises(ValueError, match="at most order - 1 = 0 words"):
        NgramModel.from_tables({("a",): {"a": 0.5}}, order=1)
