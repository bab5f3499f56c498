"""A VAE of sequences: sentences and melodies (chapter 18).

The decoder writes one token after the other and is told z at every step (Bowman et al.
2016): p(x|z) = prod_t p(x_t | x_1 .. x_t-1, z). Training shows it the true tokens before
each place; writing shows it its own.
"""

import keras
import numpy as np
from keras import layers, ops

from course_lib.evaluation import check_number
from course_lib.layers import WordDropout
from course_lib.networks import check_sizes
from course_lib.vae import POSTERIOR, VAE

#: The first tokens of every vocabulary, which stand for no symbol.
PADDING, START, END, UNKNOWN = range(4)


class Vocabulary:
    """Numbers for symbols: words, or pitches.

    Tokens 0 to 3 are padding, start, end and unknown; the symbols follow in sorted order.

    Args:
        symbols: The symbols, each once.

    Raises:
        ValueError: If there are none, or one occurs twice.

    Example:
        >>> vocabulary = Vocabulary.of([("waste", "of", "time")])
        >>> tokens = vocabulary.encode([("time", "of", "time")], length=6)
        >>> tokens.tolist()
        [[5, 4, 5, 2, 0, 0]]
        >>> vocabulary.decode(tokens)
        [('time', 'of', 'time')]
    """

    def __init__(self, symbols):
        self.symbols = tuple(symbols)
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise ValueError(
                "A vocabulary needs symbols that are all different. "
                f"Received: {len(self.symbols)} symbols, {len(set(self.symbols))} different ones"
            )
        self._token = {symbol: i for i, symbol in enumerate(self.symbols, start=UNKNOWN + 1)}

    @classmethod
    def of(cls, sequences):
        """Return the vocabulary of the symbols in some sequences.

        Args:
            sequences: Sequences of symbols that can be sorted.

        Returns:
            A `Vocabulary`.
        """
        return cls(sorted({symbol for sequence in sequences for symbol in sequence}))

    def __len__(self):
        return UNKNOWN + 1 + len(self.symbols)

    def encode(self, sequences, length):
        """Return sequences as tokens, each ended by END and filled up with PADDING.

        Args:
            sequences: Sequences of symbols; one that is not known becomes UNKNOWN.
            length: Length of the result, at least that of the longest sequence plus 1.

        Returns:
            An `int32` array of shape `(n, length)`.

        Raises:
            ValueError: If a sequence is too long.
        """
        longest = max(map(len, sequences))
        if longest >= length:
            raise ValueError(
                f"length must exceed that of the longest sequence, {longest}. "
                f"Received: length={length}"
            )
        tokens = np.full((len(sequences), length), PADDING, dtype="int32")
        for row, sequence in zip(tokens, sequences, strict=True):
            row[: len(sequence)] = [self._token.get(symbol, UNKNOWN) for symbol in sequence]
            row[len(sequence)] = END
        return tokens

    def decode(self, tokens, unknown="<unk>"):
        """Return tokens as sequences of symbols, each up to its END.

        Args:
            tokens: Integers of shape `(n, length)`.
            unknown: What stands for UNKNOWN.

        Returns:
            A list of tuples.
        """
        names = (None, None, None, unknown, *self.symbols)
        sequences = []
        for row in np.asarray(tokens).tolist():
            row = row[: row.index(END)] if END in row else row
            sequences.append(tuple(names[token] for token in row if token > END))
        return sequences


@keras.saving.register_keras_serializable("course_lib")
class SequenceVAE(VAE):
    """VAE of token sequences with an LSTM encoder and an LSTM decoder.

    `elbo` and `log_prob` are those of `VAE`, in nats a sequence; the padding costs nothing.

    Args:
        encoder: A built Keras model from tokens `(batch, length)` to `[mean, log_var]`.
        decoder: A built Keras model from `[z, previous tokens]` to logits
            `(batch, length, n_tokens)`.
        likelihood: `"categorical"`, the only one that fits.
        **kwargs: As for `VAE`.

    Call arguments:
        inputs: Integer tokens of shape `(batch, length)`; 0 is padding.

    Returns:
        A `dict` with `mean`, `log_var`, `z`, each `(batch, latent_dim)`, and `logits`,
        `(batch, length, n_tokens)`.

    Example:
        >>> model = SequenceVAE.lstm(length=6, n_tokens=9, latent_dim=2, units=8)
        >>> model.sample(3, seed=0).shape
        (3, 6)
    """

    def __init__(self, encoder, decoder, likelihood="categorical", **kwargs):
        super().__init__(encoder, decoder, likelihood=likelihood, **kwargs)

    @classmethod
    def lstm(
        cls,
        length,
        n_tokens,
        latent_dim,
        units=64,
        embedding_dim=32,
        word_dropout=0.0,
        **kwargs,
    ):
        """Build a SequenceVAE of one LSTM layer each way.

        Args:
            length: Length of the sequences, END and PADDING included.
            n_tokens: Size of the vocabulary.
            latent_dim: Number of latent dimensions.
            units: Units of each LSTM layer.
            embedding_dim: Dimensions of the tokens' embeddings.
            word_dropout: Probability that a previous token is hidden from the decoder in
                training. What it is not told by them it has to learn from z.
            **kwargs: As for `VAE`.

        Returns:
            A `SequenceVAE`.

        Raises:
            ValueError: If a size is not a positive integer, or `word_dropout` is not in
                [0, 1).

        Example:
            >>> SequenceVAE.lstm(length=6, n_tokens=9, latent_dim=2).latent_dim
            2
        """
        sizes = {"length": length, "n_tokens": n_tokens, "latent_dim": latent_dim}
        sizes |= {"units": units, "embedding_dim": embedding_dim}
        check_sizes(**{name: (size,) for name, size in sizes.items()})

        tokens = keras.Input((length,), dtype="int32")
        x = layers.Embedding(n_tokens, embedding_dim, mask_zero=True)(tokens)
        h = layers.LSTM(units)(x)
        dtype = keras.config.floatx()  # codes and logits, as in `course_lib.networks`
        heads = [layers.Dense(latent_dim, name=name, dtype=dtype)(h) for name in POSTERIOR]
        encoder = keras.Model(tokens, heads, name="encoder")

        z = keras.Input((latent_dim,))
        previous = keras.Input((length,), dtype="int32")
        x = WordDropout(word_dropout, UNKNOWN)(previous)
        x = layers.Embedding(n_tokens, embedding_dim)(x)
        x = layers.Concatenate()([x, layers.RepeatVector(length)(z)])
        state = [layers.Dense(units, activation="tanh")(z) for _ in range(2)]
        x = layers.LSTM(units, return_sequences=True)(x, initial_state=state)
        logits = layers.Dense(n_tokens, dtype=dtype)(x)
        decoder = keras.Model([z, previous], logits, name="decoder")
        return cls(encoder, decoder, **kwargs)

    @property
    def n_tokens(self):
        """Size of the vocabulary."""
        return self.decoder.output_shape[-1]

    def split_inputs(self, inputs):
        return inputs, [shifted(inputs)]

    def check_batch(self, x, name="x", is_target=True):
        super().check_batch(x, name, is_target=False)
        if isinstance(x, np.ndarray) and not (
            np.issubdtype(x.dtype, np.integer) and x.min() >= 0 and x.max() < self.n_tokens
        ):
            raise ValueError(
                f"Tokens must be integers in [0, {self.n_tokens}). Received: {name} of dtype "
                f"{x.dtype} with values from {x.min()} to {x.max()}"
            )

    def predict(self, x, **kwargs):
        """Return what the codes of `x` are written out as, tokens of the shape of `x`."""
        self.check_inputs(x)
        mean, _ = self.encoder.predict(x, **kwargs)
        return self.decode(mean)

    def reconstruct(self, x):
        """Return the most probable continuation at each place, from the mean of q(z|x).

        Args:
            x: Integer tokens of shape `(n, length)`.

        Returns:
            Tokens of the same shape.
        """
        mean, _ = self.encode(x)
        return self.decode(mean)

    def decode(self, z, temperature=0.0, seed=None):
        """Write a sequence for each code, token by token.

        Args:
            z: Array of shape `(n, latent_dim)`.
            temperature: 0 takes the most probable token each time (greedy); 1 draws from
                the model's distribution; between them, from a sharper one.
            seed: Seed of the draws, or a `numpy.random.Generator`.

        Returns:
            Tokens, an `int32` array of shape `(n, length)`, PADDING after END.

        Raises:
            ValueError: If `z` has another shape, or the temperature is negative.
        """
        z = self.check_codes(z).astype("float32")
        if not 0 <= temperature < float("inf"):
            raise ValueError(f"temperature must be at least 0. Received: {temperature}")
        rng = np.random.default_rng(seed)
        tokens = np.full((len(z), self.item_shape[0]), PADDING, dtype="int32")
        ended = np.zeros(len(z), dtype=bool)
        for t in range(tokens.shape[1]):
            logits = self.decoder.predict_on_batch([z, shifted(tokens)])[:, t]
            logits = logits.astype("float64")
            logits[:, [PADDING, START]] = -np.inf  # never written: training has none of them
            if temperature > 0:  # the Gumbel-max trick: an argmax that is a draw
                logits = logits / temperature + rng.gumbel(size=logits.shape)
            tokens[:, t] = np.where(ended, PADDING, logits.argmax(axis=1))
            ended |= tokens[:, t] == END
            if ended.all():
                break
        return tokens

    def sample(self, n, seed=None, temperature=1.0):
        """Generate: draw z from the prior, and write a sequence for it.

        Args:
            n: How many sequences.
            seed: Seed of the draws, or a `numpy.random.Generator`.
            temperature: As for `decode`.

        Returns:
            Tokens, an array of shape `(n, length)`.

        Raises:
            ValueError: If `n` is no positive integer, or the temperature is negative.
        """
        check_number(n=n)
        rng = np.random.default_rng(seed)
        return self.decode(rng.standard_normal((n, self.latent_dim)), temperature, rng)


def shifted(tokens):
    """Return what stands before each token: START, and then the tokens but the last.

    Args:
        tokens: Array or tensor of shape `(batch, length)`.

    Returns:
        An array or tensor of the same shape.

    Example:
        >>> shifted(np.array([[5, 6, 2]])).tolist()
        [[1, 5, 6]]
    """
    library = np if isinstance(tokens, np.ndarray) else ops
    return library.concatenate([library.full_like(tokens[:, :1], START), tokens[:, :-1]], axis=1)
