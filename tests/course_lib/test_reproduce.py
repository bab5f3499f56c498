import dataclasses
import json

import numpy as np
import pytest
from autodiff import gradients
from keras import ops

from course_lib.reproduce import __main__ as command_line
from course_lib.reproduce import density, load_result, load_results, quadrants
from course_lib.reproduce.record import FIELDS, RESULTS, Clock, record, save_result

EXPERIMENTS = command_line.EXPERIMENTS


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_try_finds_what_the_kept_result_holds(name):
    module, changes, _ = EXPERIMENTS[name]
    values, clock = module.run(module.Settings(**{**changes, **module.QUICK}))
    assert shape_of(values) == shape_of(load_result(name)["values"])
    assert clock.minutes() > 0


def shape_of(values):
    """Return the names in a tree of values; how many seeds there are does not count."""
    if isinstance(values, dict):
        return {name: shape_of(value) for name, value in values.items()}
    return "several" if isinstance(values, (list, tuple)) else "one"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_kept_results_are_of_the_settings_that_stand_in_the_code(name):
    module, changes, _ = EXPERIMENTS[name]
    result = load_result(name)
    settings = dataclasses.asdict(module.Settings(**changes))
    assert result["settings"] == json.loads(json.dumps(settings))
    assert tuple(result) == FIELDS
    assert result["data"] == "full"
    assert result["settings"]["quick"] is False
    assert result["command"].endswith(f"python -m course_lib.reproduce {name}")
    assert result["minutes"] > 0
    assert result["cpu_minutes"] > 0


def test_nothing_else_is_kept():
    assert set(load_results()) == set(EXPERIMENTS)
    assert {file.suffix for file in RESULTS.iterdir()} == {".json"}


@pytest.mark.parametrize("name", ["vae", "vae-long"])
def test_the_likelihood_is_of_all_test_pictures(name):
    result = load_result(name)
    assert result["values"]["n_test"] == 10_000
    assert result["settings"]["n_samples"] == 5000


def test_results_round_trip(tmp_path):
    result = record("pca", {"quick": True, "seed": 3}, {"error": 1.5}, Clock())
    path = save_result(result, tmp_path)
    assert path.name == "pca.json"
    assert load_result("pca", tmp_path) == result
    assert load_results(tmp_path) == {"pca": result}
    assert result["command"].endswith("course_lib.reproduce pca --quick")
    assert [file.name for file in tmp_path.iterdir()] == ["pca.json"]


def test_an_unknown_result_is_named(tmp_path):
    with pytest.raises(ValueError, match="Received: name='gan'"):
        load_result("gan", tmp_path)


def test_a_clock_goes_on_where_another_stopped():
    clock = Clock(minutes=7, cpu_minutes=11)
    assert 7 < clock.minutes() < 7.1
    assert 11 < clock.cpu_minutes() < 11.1


def test_a_try_is_printed_and_not_kept(capsys, monkeypatch):
    def saved(result):
        raise AssertionError("a try was kept")

    monkeypatch.setattr(command_line, "save_result", saved)
    command_line.main(["pca", "--quick"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["settings"]["quick"] is True
    assert printed["values"]["test_error"] > 0


def test_an_unknown_experiment_is_refused(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["gan"])
    assert "vae-long" in capsys.readouterr().err


def test_pixels_are_drawn_anew_for_each_epoch():
    gray = np.full((1000, 4), 0.3)
    data = density.BinarizedAnew(gray, batch_size=100, seed=0)
    first = np.concatenate([data[i][0] for i in range(len(data))])
    data.on_epoch_end()
    second = np.concatenate([data[i][0] for i in range(len(data))])
    assert set(np.unique(first)) == {0.0, 1.0}
    assert first.dtype == "float32"
    # Bounds of five standard errors: of a mean of 4,000 draws, and of the share that differs.
    assert abs(first.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 4000)
    differs = 2 * 0.3 * 0.7
    assert abs(np.mean(first != second) - differs) < 5 * np.sqrt(differs * (1 - differs) / 4000)


def test_every_picture_is_shown_once_an_epoch():
    gray = np.eye(6)
    data = density.BinarizedAnew(gray, batch_size=2, seed=0)
    shown = np.concatenate([data[i][0] for i in range(len(data))])
    assert sorted(shown.argmax(axis=1)) == [0, 1, 2, 3, 4, 5]


def test_finished_rounds_are_not_trained_again(tmp_path, monkeypatch):
    rounds = {"epochs": (1, 1), "learning_rates": (1e-3, 1e-4)}
    settings = density.Settings(**{**density.QUICK, **rounds})
    first, _ = density.run(settings, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2

    def train(*args):
        raise AssertionError("trained again")

    monkeypatch.setattr(density, "train", train)
    second, second_clock = density.run(settings, tmp_path)
    assert second["nll"] == pytest.approx(first["nll"], rel=1e-6)
    assert second_clock.minutes() > 0


def test_the_encoder_sees_pixels_less_their_mean():
    mean = np.random.default_rng(0).uniform(size=(3, 3)).astype("float32")
    vae = density.new_vae(mean, seed=0)
    # At the mean picture all inputs of the first layer are zero, and so are all biases.
    for parameter in vae.encode(mean[None]):
        np.testing.assert_array_equal(parameter, 0)
    # At z = 0 the decoder says the mean; sigmoid(log(p / (1 - p))) in float32.
    np.testing.assert_allclose(vae.decode(np.zeros((1, density.LATENT_DIM)))[0], mean, rtol=1e-5)


def test_the_path_gradient_has_the_usual_mean_and_vanishes_at_the_posterior():
    eps = np.random.default_rng(0).normal(size=(20_000, 1)).astype("float32")
    vae = density.PathGradientVAE.dense((1,), 1)

    def slopes(mean, log_var):
        """Return the derivatives of the KL term by the mean and by log_var, at each draw."""

        def kl(mean, log_var):
            z = mean + ops.exp(log_var / 2) * eps
            return ops.sum(vae.kl_per_dimension({"z": z, "mean": mean, "log_var": log_var}))

        return gradients(kl, np.full_like(eps, mean), np.full_like(eps, log_var))

    # A decoder that ignores z has the prior as its posterior.
    assert max(np.abs(slope).max() for slope in slopes(0.0, 0.0)) < 1e-6
    # The closed form is (mean^2 + exp(log_var) - 1 - log_var) / 2; Z = 6 standard errors.
    for slope, expected in zip(slopes(0.7, -1.0), [0.7, (np.exp(-1.0) - 1) / 2], strict=True):
        assert abs(slope.mean() - expected) < 6 * slope.std() / np.sqrt(len(eps))


def test_quadrants_that_are_given_grow():
    given = [set(q) for q in quadrants.GIVEN]
    assert [len(q) for q in given] == [1, 2, 3]
    assert given[0] < given[1] < given[2]
