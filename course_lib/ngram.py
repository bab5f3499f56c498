"""An n-gram model of sequences: count, then score, generate and complete.

The model of chapter 1. A sequence of at most T words has probability

    P(x_1, ..., x_T) = prod_i P(x_i | x_{i-n+1}, ..., x_{i-1}),

one factor a word, each estimated by dividing two counts. The words may be anything that
can be hashed: a pixel is a word too.
"""

import math
import numbers
from collections import Counter

import numpy as np

#: Stands for the positions before the first word of a sequence.
START = "<s>"
#: The outcome that ends a sequence shorter than `max_length`.
END = "</s>"

#: `complete` lists every way of filling the gaps; more ways than this are refused.
MAX_COMPLETIONS = 1_000_000


class NgramModel:
    """Model in which a word depends on the `order - 1` words before it.

    A sequence ends in one of two ways: after its last word the model draws the outcome
    `END`, or the sequence has reached `max_length` words and can grow no longer, which
    needs no factor. The first outcome is never `END`. So the probabilities of all
    sequences of one to `max_length` words add up to 1.

    Smoothing is hierarchical: with `alpha = smoothing`, a context `c` seen `n(c)` times,
    and `c'` the same context without its oldest word,

        P(w | c) = (n(c, w) + alpha * P(w | c')) / (n(c) + alpha),

    which ends in the uniform distribution over the vocabulary and `END`. With
    `smoothing=0` it is the ratio of counts, and a context never seen gives every word
    probability 0.

    Args:
        order: Length of the n-gram: 3 for a trigram, whose words depend on the two
            before them.
        smoothing: Pseudo-counts `alpha >= 0` that the shorter context is worth.
        max_length: Longest sequence, in words. `None`: the longest one that `fit` sees.
        vocabulary: Words that the model knows besides those that `fit` sees. Models to be
            compared on the same sequences need the same one.

    Raises:
        ValueError: If an argument is out of its range.

    References:
        - MacKay and Peto (1995), A hierarchical Dirichlet language model.

    Example:
        >>> model = NgramModel(order=2).fit([("good", "film"), ("good", "plot")])
        >>> model.prob("film", context=("good",))
        0.5
    """

    def __init__(self, order=3, smoothing=0.0, max_length=None, vocabulary=()):
        if not isinstance(order, int) or order < 1:
            raise ValueError(f"order must be an integer of at least 1. Received: order={order!r}")
        if not (isinstance(smoothing, numbers.Real) and 0 <= smoothing < math.inf):
            raise ValueError(
                f"smoothing must be a number of at least 0, and finite. Received: {smoothing=}"
            )
        if max_length is not None and (not isinstance(max_length, int) or max_length < 1):
            raise ValueError(
                f"max_length must be None or an integer of at least 1. "
                f"Received: max_length={max_length!r}"
            )
        self.order = order
        self.smoothing = float(smoothing)
        self.max_length = max_length
        self.vocabulary = ()
        self._given = (
            max_length,
            _as_words(tuple(vocabulary), "The vocabulary") if vocabulary else (),
        )
        self._index = {}
        # Maps a context, a tuple of up to `order - 1` words, to the weights of what follows
        # it: counts after `fit`, probabilities after `from_tables`.
        self._table = {}
        self._total = {}

    def fit(self, sequences):
        """Count the n-grams of all lengths up to `order`.

        Args:
            sequences: Non-empty sequences of words; any iterable of tuples or lists.

        Returns:
            The model itself.

        Raises:
            ValueError: If there is no sequence, or one of them is empty, a plain string,
                longer than `max_length`, or uses `START` or `END` as a word.
        """
        sequences = [_as_words(words, f"Sequence {i}") for i, words in enumerate(sequences)]
        if not sequences:
            raise ValueError("fit needs at least one sequence. Received: an empty corpus")
        max_length, words_besides = self._given
        longest = max(map(len, sequences))
        self.max_length = max_length or longest
        if longest > self.max_length:
            raise ValueError(
                f"Sequences may have at most max_length={self.max_length} words. "
                f"Received: one of {longest} words"
            )
        self._set_vocabulary({*words_besides, *(word for words in sequences for word in words)})
        self._table = {}
        for words in sequences:
            for prefix, word in self._factors(words):
                context = self._context(prefix)
                # A smoothed model also needs the shorter contexts.
                shortest = 0 if self.smoothing else len(context)
                for length in range(shortest, len(context) + 1):
                    shorter = context[len(context) - length :]
                    self._table.setdefault(shorter, Counter())[word] += 1
        if not self.smoothing:
            # Words seen only where `max_length` forces the end have nothing that follows
            # them. A shorter sequence that reaches them ends there.
            for words in sequences:
                self._table.setdefault(self._context(words), Counter({END: 1}))
        self._total = {context: sum(row.values()) for context, row in self._table.items()}
        return self

    @classmethod
    def from_tables(cls, tables, order=3, max_length=5):
        """Build a model from given conditional probabilities instead of counts.

        Args:
            tables: Maps a context to a `dict` from word to probability. A context is the
                tuple of the `order - 1` words before, or of fewer at the start of a
                sequence: `()` is the table of first words. A table may leave words
                out; whatever its probabilities lack of 1 belongs to words not listed.
            order: As for the constructor.
            max_length: As for the constructor; needed here.

        Returns:
            An unsmoothed model.

        Raises:
            ValueError: If a context is too long, a probability is outside [0, 1], or a
                table adds up to more than 1.

        Example:
            >>> model = NgramModel.from_tables({(): {"more": 0.2}, ("more",): {"real": 0.25}})
            >>> round(model.prob("real", context=("more",)), 2)
            0.25
        """
        if max_length is None:
            raise ValueError("Tables do not tell max_length; give it. Received: max_length=None")
        model = cls(order=order, smoothing=0.0, max_length=max_length)
        words = set()
        for context, row in tables.items():
            if not isinstance(context, tuple) or len(context) > order - 1:
                raise ValueError(
                    f"A context is a tuple of at most order - 1 = {order - 1} words. "
                    f"Received: {context!r}"
                )
            if {START, END} & set(context) or START in row:
                raise ValueError(
                    f"{START} stands for what a shorter context leaves out, and {END} ends a "
                    f"sequence; neither is a word. Received: {row} after {context!r}"
                )
            # Written so that a NaN fails the test.
            if not (all(p >= 0 for p in row.values()) and math.fsum(row.values()) <= 1 + 1e-9):
                raise ValueError(
                    "The probabilities after a context must be at least 0 and add up to at most "
                    f"1. Received: {row} after {context!r}"
                )
            words.update(context, (word for word in row if word != END))
            model._table[model._context(context)] = dict(row)
            model._total[model._context(context)] = 1.0
        model._set_vocabulary(words)
        return model

    def prob(self, word, context=()):
        """Return P(word | context).

        Args:
            word: A word of the vocabulary, or `END`.
            context: The words before it, from the start of the sequence. Only the last
                `order - 1` matter; fewer mean that the sequence starts there.

        Returns:
            A `float` in [0, 1].

        Raises:
            ValueError: If the word or one of the context's is not in the vocabulary.
        """
        if word != END:
            self._check_known((word,))
        self._check_known(context)
        return self._prob(word, tuple(context))

    def next_word_probs(self, context=()):
        """Return P(word | context) for every word.

        Args:
            context: As for `prob`.

        Returns:
            A `dict` from each word of the vocabulary, and `END`, to its probability.
        """
        self._check_known(context)
        vector = self._vector(tuple(context))
        return dict(zip((*self.vocabulary, END), vector.tolist(), strict=True))

    def log_prob(self, sequence):
        """Return the natural logarithm of a sequence's probability.

        Args:
            sequence: At least one and at most `max_length` words.

        Returns:
            A `float`, in nats; `-inf` where the probability is 0.

        Raises:
            ValueError: If the sequence is empty, too long, or uses a word that is not in
                the vocabulary.
        """
        words = self._check_sequence(sequence)
        return sum(_log(self._prob(word, prefix)) for prefix, word in self._factors(words))

    def sample(self, seed=None, prefix=()):
        """Draw one sequence, word by word, each from its conditional distribution.

        Args:
            seed: An integer, a `numpy.random.Generator`, or `None` for a new one.
            prefix: Words that the sequence starts with.

        Returns:
            A tuple of one to `max_length` words.

        Raises:
            ValueError: If the model came from tables that leave words out, or the prefix
                uses an unknown word, is too long, or never occurs.
        """
        rng = np.random.default_rng(seed)
        return self._generate(lambda vector: rng.choice(vector.size, p=vector), prefix)

    def greedy(self, prefix=()):
        """Return the sequence that takes the most probable next word, again and again.

        Ties go to the word that comes first in `vocabulary`. See `sample` for errors.
        """
        return self._generate(np.argmax, prefix)

    def complete(self, sequence, top=1):
        """Fill the gaps of a sequence, by Bayes' rule over all ways of filling them.

        The probability of a filling is that of the whole completed sequence, divided by
        the sum over all fillings. Words *after* a gap count as much as those before it.

        Args:
            sequence: Words, with `None` for each missing one.
            top: How many fillings to return.

        Returns:
            A list of up to `top` pairs `(completed sequence, probability)`, the most
            probable first.

        Raises:
            ValueError: If nothing is missing, a word is unknown, no filling has a
                probability above 0, or there are more than a million of them.

        Example:
            >>> model = NgramModel(order=2).fit([("a", "b"), ("a", "c"), ("a", "b")])
            >>> [(words, round(p, 3)) for words, p in model.complete(("a", None))]
            [(('a', 'b'), 0.667)]
        """
        words = self._check_sequence(sequence, gaps=True)
        n_gaps = words.count(None)
        if not n_gaps:
            raise ValueError(f"complete needs a gap, marked None. Received: {words!r}")
        n_ways = len(self.vocabulary) ** n_gaps
        if n_ways > MAX_COMPLETIONS:
            raise ValueError(
                f"{n_gaps} gaps over {len(self.vocabulary)} words are {n_ways} completions; at "
                f"most {MAX_COMPLETIONS} can be listed. Received: {words!r}"
            )
        partial = [((), 0.0)]
        for word in words:
            partial = [
                ((*prefix, candidate), log_p + step)
                for prefix, log_p in partial
                for candidate, step in self._steps(prefix, word)
            ]
        if len(words) < self.max_length:
            partial = [(prefix, log_p + _log(self._prob(END, prefix))) for prefix, log_p in partial]
        best = max((log_p for _, log_p in partial), default=-math.inf)
        if best == -math.inf:
            raise ValueError(f"No completion has a probability above 0. Received: {words!r}")
        evidence = math.fsum(math.exp(log_p - best) for _, log_p in partial)
        partial.sort(key=lambda pair: -pair[1])
        return [(prefix, math.exp(log_p - best) / evidence) for prefix, log_p in partial[:top]]

    def _steps(self, prefix, word):
        """Return the possible next words, each with its log-probability: all, or the given."""
        if word is not None:
            p = self._prob(word, prefix)
            return [(word, math.log(p))] if p > 0 else []
        vector = self._vector(prefix)[:-1]
        return [(self.vocabulary[i], math.log(vector[i])) for i in np.flatnonzero(vector)]

    def _generate(self, choose, prefix):
        self._check_known(())
        words = self._check_sequence(prefix) if len(prefix) else ()
        while len(words) < self.max_length:
            vector = self._vector(words)
            if abs(vector.sum() - 1) > 1e-6:
                raise ValueError(
                    "Generating needs the probability of every next word, adding up to 1. "
                    f"Received: {vector.sum():.3g} in all after {words!r}"
                )
            i = int(choose(vector / vector.sum()))
            if i == len(self.vocabulary):
                break
            words = (*words, self.vocabulary[i])
        return words

    def _context(self, prefix):
        """Return the last `order - 1` words, with `START` before the first."""
        n = self.order - 1
        return ((START,) * n + prefix[-n:])[-n:] if n else ()

    def _factors(self, words):
        """Yield `(prefix, word)` for each factor of the sequence's probability."""
        for i, word in enumerate(words):
            yield words[:i], word
        if len(words) < self.max_length:
            yield words, END

    def _prob(self, word, prefix):
        context = self._context(prefix)
        if prefix:
            return self._estimate(word, context)
        # No sequence is empty: the first outcome is drawn from what is left without END.
        return (
            0.0
            if word == END
            else _ratio(self._estimate(word, context), 1 - self._estimate(END, context))
        )

    def _vector(self, prefix):
        """Return the probabilities of all words and, last, of `END`; shape `(n_words + 1,)`."""
        vector = self._estimates(self._context(prefix))
        if not prefix:
            vector = np.append(vector[:-1] / (1 - vector[-1]), 0.0)
        return vector

    def _estimate(self, word, context):
        row, total = self._table.get(context, {}), self._total.get(context, 0)
        if not self.smoothing:
            return _ratio(row.get(word, 0), total)
        uniform = 1 / (len(self.vocabulary) + 1)
        shorter = self._estimate(word, context[1:]) if context else uniform
        return (row.get(word, 0) + self.smoothing * shorter) / (total + self.smoothing)

    def _estimates(self, context):
        """Return `_estimate` for every word and for `END`, as one array."""
        n_outcomes = len(self.vocabulary) + 1
        total = self._total.get(context, 0)
        if not self.smoothing:
            vector, total = np.zeros(n_outcomes), total or 1
        else:
            total += self.smoothing
            shorter = (
                self._estimates(context[1:]) if context else np.full(n_outcomes, 1 / n_outcomes)
            )
            vector = shorter * (self.smoothing / total)
        for word, weight in self._table.get(context, {}).items():
            vector[self._index[word]] += weight / total
        return vector

    def _set_vocabulary(self, words):
        self.vocabulary = tuple(sorted(words, key=lambda word: (str(type(word)), word)))
        self._index = {word: i for i, word in enumerate((*self.vocabulary, END))}

    def _check_known(self, words):
        if not self._index:
            raise ValueError("The model is empty: call fit first, or use from_tables")
        unknown = [word for word in words if word not in self._index or word == END]
        if unknown:
            raise ValueError(
                f"Not in the vocabulary of {len(self.vocabulary)} words: {unknown}. "
                "Received words must be among those that fit saw"
            )

    def _check_sequence(self, sequence, gaps=False):
        words = _as_words(sequence, "The sequence", gaps=True)
        self._check_known(word for word in words if not (gaps and word is None))
        if len(words) > self.max_length:
            raise ValueError(
                f"A sequence may have at most max_length={self.max_length} words. "
                f"Received: {len(words)} words, {words!r}"
            )
        return words


def _as_words(sequence, name, gaps=False):
    if isinstance(sequence, str):
        raise ValueError(
            f"{name} must be a tuple or list of words; split the text first. "
            f"Received: the string {sequence!r}"
        )
    words = tuple(sequence)
    if not words:
        raise ValueError(f"{name} must have at least one word. Received: an empty one")
    if START in words or END in words or (None in words and not gaps):
        raise ValueError(
            f"{name} uses a reserved word: {START}, {END} or None. Received: {words!r}"
        )
    return words


def _ratio(part, whole):
    return part / whole if whole else 0.0


def _log(p):
    return math.log(p) if p > 0 else -math.inf
