"""An assignment with TensorFlow: a sampler, a KL term, a VAE trained for a few steps."""

import pytest
from small_course import HIDDEN, VISIBLE, grade_texts, limits, make_source, right
from tensorflow_course import MISTAKES, OTHER_STYLE, SETUP, TASKS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source():
    return make_source(TASKS, SETUP)


def test_right_solutions_in_two_styles(source):
    for texts in (right(TASKS), {**right(TASKS), **OTHER_STYLE}):
        graded = grade_texts(texts, source, limits(cell_seconds=60))
        for name in TASKS:
            message = graded.message(f"{name}_check") + graded.message(f"{name}_grade")
            assert graded.task(name) == VISIBLE + HIDDEN, message


@pytest.mark.parametrize(("task", "old", "new"), MISTAKES)
def test_a_mistake_costs_its_own_task_only(source, task, old, new):
    texts = right(TASKS)
    assert old in texts[task]
    graded = grade_texts(
        {**texts, task: texts[task].replace(old, new)}, source, limits(cell_seconds=60)
    )
    assert graded.task(task) < VISIBLE + HIDDEN
    for name in set(TASKS) - {task}:
        assert graded.task(name) == VISIBLE + HIDDEN


def test_a_stopped_gradient_is_seen(source):
    text = TASKS["sample"][0].replace("ops.exp(", "ops.stop_gradient(1.0) * ops.exp(")
    text = text.replace("ops.convert_to_tensor(log_var)", "ops.stop_gradient(log_var)")
    graded = grade_texts({**right(TASKS), "sample": text}, source, limits(cell_seconds=60))
    assert "gradient" in graded.message("sample_grade")
