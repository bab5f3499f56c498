"""The model of scenes against its definition: loops, simulation, importance sampling."""

import math

import numpy as np
import pytest

from course_lib import scenes as module
from course_lib.scenery import VARIABLES, all_choices, draw_scene
from course_lib.scenes import CAUSES, SceneModel

#: Standard errors that a Monte Carlo estimate may be off: probability 2e-9 under any seed.
Z = 6

#: In double precision a sum of n terms of size m is off by at most about n m EPS. No sum in the
#: comparisons below exceeds 1e5 in absolute terms: 1e5 * 2.2e-16 < 1e-10.
TOLERANCE = 1e-10


@pytest.fixture(scope="module")
def model():
    return SceneModel()


@pytest.fixture(scope="module")
def noisy():
    """A model in which pictures leave doubt about their causes."""
    return SceneModel(noise=1.5)


def prior_by_hand(choice):
    """Return the probability of values of all six variables, from the tables, factor by factor."""
    i = {name: VARIABLES[name].index(value) for name, value in choice.items()}
    cloudy = module._CLOUDY[i["time"], i["ground"]]
    return (
        module._TIME[i["time"]]
        * module._GROUND[i["time"], i["ground"]]
        * (cloudy if choice["sky"] == "cloudy" else 1 - cloudy)
        * module._PLACE[i["place"]]
        * module._CLOUDS[i["clouds"]]
        * module._HORIZON[i["horizon"]]
    )


def joint_by_hand(picture, size, noise):
    """Return P(V, H) of one picture, shape (2, 2, 3), by a loop over everything."""
    joint = np.zeros((2, 2, 3))
    for choice in all_choices():
        template = draw_scene(**choice, size=size).astype("float64")
        density = prior_by_hand(choice)
        for value, mean in zip(picture.ravel().tolist(), template.ravel().tolist(), strict=True):
            density *= math.exp(-((value - mean) ** 2) / (2 * noise**2))
            density /= math.sqrt(2 * math.pi) * noise
        joint[tuple(VARIABLES[name].index(choice[name]) for name in CAUSES)] += density
    return joint


# The prior


def test_tables_are_probabilities():
    for table in (module._TIME, module._PLACE, module._CLOUDS, module._HORIZON):
        assert table.sum() == pytest.approx(1, abs=TOLERANCE)
    assert module._GROUND.sum(axis=1) == pytest.approx(np.ones(2), abs=TOLERANCE)
    for name, table in [("place", module._PLACE), ("clouds", module._CLOUDS)]:
        assert len(table) == len(VARIABLES[name])
    assert len(module._HORIZON) == len(VARIABLES["horizon"])
    assert np.all((module._CLOUDY > 0) & (module._CLOUDY < 1))


@pytest.mark.equation("eq-scene-prior")
def test_prior_is_the_product_of_its_tables(model):
    expected = np.zeros((2, 2, 3))
    for choice in all_choices():
        index = tuple(VARIABLES[name].index(choice[name]) for name in CAUSES)
        expected[index] += prior_by_hand(choice)
    assert np.exp(model.log_prior()) == pytest.approx(expected, abs=TOLERANCE)
    assert np.exp(model.log_prior()).sum() == pytest.approx(1, abs=TOLERANCE)


def test_causes_are_not_independent(model):
    p = np.exp(model.log_prior())
    ground_given_time = p.sum(axis=1) / p.sum(axis=(1, 2))[:, None]
    assert np.abs(ground_given_time[0] - ground_given_time[1]).max() > 0.1


def test_causes_have_names_and_values(model):
    assert model.causes == {
        "time": ("day", "night"),
        "sky": ("clear", "cloudy"),
        "ground": ("grass", "beach", "sea"),
    }


# Exact inference


@pytest.mark.equation(
    "eq-scene-joint", "eq-scene-likelihood", "eq-scene-evidence", "eq-scene-posterior"
)
@pytest.mark.parametrize(("size", "noise"), [(1, 0.2), (2, 0.3), (3, 0.8)])
def test_everything_equals_enumeration_by_hand(size, noise):
    model = SceneModel(size=size, noise=noise)
    v = np.concatenate([model.sample(2, seed=0)[0], np.zeros((1, size, size, 3))])
    joint = np.array([joint_by_hand(picture.astype("float64"), size, noise) for picture in v])
    evidence = joint.sum(axis=(1, 2, 3))
    assert model.log_joint(v) == pytest.approx(np.log(joint), abs=TOLERANCE)
    assert model.log_prob(v) == pytest.approx(np.log(evidence), abs=TOLERANCE)
    posterior = joint / evidence[:, None, None, None]
    assert model.posterior(v) == pytest.approx(posterior, abs=TOLERANCE)


@pytest.mark.parametrize("size", [1, 2])
def test_evidence_integrates_to_one(size):
    # Draw from the same mixture with 1.15 times the noise, whose density is computed here; the
    # mean of p(v) / q(v) is the integral of p. No ratio exceeds 1.15 to the number of values,
    # so that its mean is nearly normal.
    noise, wide, n = 0.15, 1.15 * 0.15, 4_000
    choices = all_choices()
    prior = np.array([prior_by_hand(choice) for choice in choices])
    templates = np.array([draw_scene(**c, size=size).ravel() for c in choices], "float64")
    rng = np.random.default_rng(0)
    v = templates[rng.choice(len(prior), n, p=prior)]
    v = v + wide * rng.standard_normal(v.shape)
    density = np.zeros(n)
    for weight, template in zip(prior, templates, strict=True):
        quadratic = ((v - template) ** 2).sum(axis=1) / (2 * wide**2)
        density += weight * np.exp(-quadratic) / (math.sqrt(2 * math.pi) * wide) ** v.shape[1]
    log_p = SceneModel(size=size, noise=noise).log_prob(v.reshape(n, size, size, 3))
    ratios = np.exp(log_p) / density
    assert abs(ratios.mean() - 1) < Z * ratios.std() / math.sqrt(n)
    assert ratios.std() < 1  # or the test above means little


def test_bayes_rule_ties_the_methods_together(noisy):
    v, _ = noisy.sample(20, seed=1)
    log_joint, log_prob = noisy.log_joint(v), noisy.log_prob(v)
    posterior = np.exp(log_joint - log_prob[:, None, None, None])
    assert noisy.posterior(v) == pytest.approx(posterior, abs=TOLERANCE)
    assert noisy.posterior(v).sum(axis=(1, 2, 3)) == pytest.approx(np.ones(20), abs=TOLERANCE)


def test_pictures_do_not_depend_on_their_neighbors(noisy, monkeypatch):
    v, _ = noisy.sample(7, seed=2)
    together = noisy.log_joint(v)
    one_by_one = np.concatenate([noisy.log_joint(v[i : i + 1]) for i in range(7)])
    assert together == pytest.approx(one_by_one, abs=TOLERANCE)
    monkeypatch.setattr(module, "_BATCH", 3)
    assert noisy.log_joint(v) == pytest.approx(together, abs=TOLERANCE)


def test_without_evidence_the_posterior_is_the_prior():
    # At this noise the pixels say nothing: their log-likelihoods differ by at most
    # 1728 * |v - t| |t - t'| / noise^2 < 1728 * 3e4 * 1 / 1e12 < 1e-4.
    model = SceneModel(noise=1e6)
    posterior = model.posterior(np.full((1, 24, 24, 3), 0.5))[0]
    assert posterior == pytest.approx(np.exp(model.log_prior()), abs=1e-4)


def test_far_away_pictures_neither_overflow_nor_vanish(model):
    v = np.stack([np.full((24, 24, 3), 100.0), np.full((24, 24, 3), -100.0)])
    assert np.all(np.isfinite(model.log_prob(v)))
    assert model.posterior(v).sum(axis=(1, 2, 3)) == pytest.approx(np.ones(2), abs=TOLERANCE)


# Drawn pictures


def test_posterior_finds_causes_as_often_as_it_says(noisy):
    n = 3_000
    v, h = noisy.sample(n, seed=3)
    posterior = noisy.posterior(v).reshape(n, -1)
    index = np.ravel_multi_index(h.T, (2, 2, 3))
    # The most probable causes are the true ones with probability `best`: a coin for each.
    best = posterior.max(axis=1)
    assert 0.5 < best.mean() < 0.95  # or the test above would be easy
    surplus = np.sum((posterior.argmax(axis=1) == index) - best)
    assert abs(surplus) < Z * math.sqrt(np.sum(best * (1 - best)))
    # And so for each combination of causes.
    for k, p in enumerate(posterior.T):
        surplus = np.sum((index == k) - p)
        assert abs(surplus) < Z * math.sqrt(np.sum(p * (1 - p)))


def test_without_much_noise_the_posterior_is_sure_and_right(model):
    v, h = model.sample(300, seed=4)
    posterior = model.posterior(v)
    assert np.all(posterior[np.arange(300), *h.T] > 0.999)


def test_causes_are_drawn_from_the_prior(model):
    n = 50_000
    _, h = SceneModel(size=1).sample(n, seed=5)
    p = np.exp(model.log_prior()).ravel()
    counts = np.bincount(np.ravel_multi_index(h.T, (2, 2, 3)), minlength=12)
    assert np.all(np.abs(counts - n * p) < Z * np.sqrt(n * p * (1 - p)))


def test_noise_has_the_given_standard_deviation(model):
    given = dict(zip(VARIABLES, ("day", "cloudy", "beach", "left", "bank", "high"), strict=True))
    v, h = model.sample(40, seed=6, **given)
    assert h.tolist() == [[0, 1, 1]] * 40
    z = (v - draw_scene(**given)).astype("float64") / model.noise
    # Mean and variance of n draws from N(0, 1): standard deviations 1/sqrt(n), sqrt(2/n). What
    # float32 rounds, 1e-7 / 0.03, is far below them.
    assert abs(z.mean()) < Z / math.sqrt(z.size)
    assert abs(z.var() - 1) < Z * math.sqrt(2 / z.size)
    # Neighbors, in space and in color, have independent noise.
    for axis in (1, 2, 3):
        a, b = np.split(z.take(range(2), axis), 2, axis)
        assert abs(np.mean(a * b)) < Z / math.sqrt(a.size)


@pytest.mark.parametrize(
    "given",
    [
        {"sky": "cloudy"},
        {"ground": "beach", "time": "night"},
        {"sky": "cloudy", "ground": "beach", "time": "day"},
        {"place": "far left", "horizon": "low"},
        {},
    ],
)
def test_sampling_with_given_values_follows_the_conditional_prior(given):
    n = 20_000
    v, h = SceneModel(size=1, noise=0.1).sample(n, seed=7, **given)
    assert v.shape == (n, 1, 1, 3)
    conditional = np.zeros((2, 2, 3))
    for choice in all_choices():
        if given.items() <= choice.items():
            index = tuple(VARIABLES[name].index(choice[name]) for name in CAUSES)
            conditional[index] += prior_by_hand(choice)
    p = (conditional / conditional.sum()).ravel()
    counts = np.bincount(np.ravel_multi_index(h.T, (2, 2, 3)), minlength=12)
    assert np.all(np.abs(counts - n * p) <= Z * np.sqrt(n * p * (1 - p)))
    for name, value in given.items():
        if name in CAUSES:
            column = CAUSES.index(name)
            assert set(h[:, column]) == {VARIABLES[name].index(value)}


@pytest.mark.parametrize("name", ["place", "clouds", "horizon"])
def test_nuisances_can_be_given_too(name):
    model = SceneModel(noise=1e-4)
    given = {"time": "day", "sky": "cloudy", "ground": "sea", name: VARIABLES[name][-1]}
    v, _ = model.sample(30, seed=8, **given)
    for picture in v:
        # The noise is far smaller than any difference between two templates.
        distances = [
            np.abs(draw_scene(**choice) - picture).max()
            for choice in all_choices()
            if given.items() <= choice.items()
        ]
        assert min(distances) < 0.01


def test_nuisances_vary_where_they_are_not_given(model):
    v, _ = model.sample(50, seed=9, time="day", sky="clear", ground="sea")
    # Twenty pictures differ: five places of the sun, four horizons. Fewer than ten of them in
    # fifty draws are all but impossible.
    noiseless = {np.round(np.argmax(p.sum(2).mean(0)) + 100 * p[12:, 0, 2].mean()) for p in v}
    assert len(noiseless) >= 10


def test_same_seed_same_pictures(model):
    first, second = model.sample(4, seed=10), model.sample(4, seed=10)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], model.sample(4, seed=11)[0])
    rng = np.random.default_rng(10)
    assert np.array_equal(model.sample(4, rng)[0], first[0])
    assert not np.array_equal(model.sample(4, rng)[0], first[0])
    v, h = model.sample(0)
    assert v.shape == (0, 24, 24, 3)
    assert h.shape == (0, 3)


def test_alike_in_causes_is_not_alike_in_pixels(model):
    # The example of chapter 13: with the noise left out, two pictures of the same causes lie
    # much farther apart than two pictures that differ in a cause.
    def distance(a, b):
        return np.sqrt(np.sum((draw_scene(*a) - draw_scene(*b)) ** 2))

    night_sea = ("night", "cloudy", "sea", "right", "drift", "low")
    night_beach = ("night", "cloudy", "beach", "right", "drift", "low")
    cloudy_beach = ("day", "cloudy", "beach", "far left", "bank", "lowest")
    another_cloudy_beach = ("day", "cloudy", "beach", "far right", "drift", "highest")
    assert distance(cloudy_beach, another_cloudy_beach) > 2 * distance(night_sea, night_beach)


# Bad input


@pytest.mark.parametrize("size", [0, -1, 2.0, "24"])
def test_bad_size(size):
    with pytest.raises(ValueError, match=r"size must be an integer of at least 1. Received: size="):
        SceneModel(size=size)


@pytest.mark.parametrize("noise", [0, -0.1, math.inf, math.nan])
def test_bad_noise(noise):
    with pytest.raises(ValueError, match=r"noise must be greater than 0.*Received: noise="):
        SceneModel(size=1, noise=noise)


@pytest.mark.parametrize("method", ["log_joint", "log_prob", "posterior"])
@pytest.mark.parametrize(
    "v",
    [
        np.zeros((24, 24, 3)),
        np.zeros((2, 24, 24)),
        np.zeros((2, 3, 24, 24)),
        np.zeros((0, 24, 24, 3)),
        np.full((1, 24, 24, 3), np.nan),
        np.full((1, 24, 24, 3), np.inf),
    ],
)
def test_bad_pictures(model, method, v):
    with pytest.raises(ValueError, match=r"shape \(n, 24, 24, 3\). Received: an array of shape"):
        getattr(model, method)(v)


@pytest.mark.parametrize("n", [-1, 2.0, None])
def test_bad_number_of_pictures(model, n):
    with pytest.raises(ValueError, match=r"n must be an integer of at least 0. Received: n="):
        model.sample(n)


def test_unknown_variable_and_value(model):
    with pytest.raises(ValueError, match=r"has the variables .*'sky'.*Received: 'weather'"):
        model.sample(1, weather="cloudy")
    with pytest.raises(
        ValueError, match=r"sky must be one of \('clear', 'cloudy'\). Received: sky="
    ):
        model.sample(1, sky="rainy")
