"""Diagrams of networks and of probabilistic models."""

import matplotlib as mpl
import numpy as np

from course_lib.plotting._tools import check_array, check_mapping, styled, subplots
from course_lib.plotting.style import COLORS, INK

_RADIUS = 0.3


@styled
def boxes_and_arrows(steps):
    """Draw a chain of labeled boxes, joined by arrows.

    Args:
        steps: Pairs `(text, height)`: what a box says, and how tall it is, from 0 to 1. A
            short box is a narrow layer.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no step, or a height is not above 0 and at most 1.

    Example:
        >>> figure = boxes_and_arrows([("picture", 1.0), ("code", 0.3), ("copy", 1.0)])
        >>> [box.get_height() for box in figure.axes[0].patches]
        [1.0, 0.3, 1.0]
    """
    steps = list(steps)
    heights = check_array("The heights of the boxes", [height for _, height in steps], ("n",))
    if heights.min() <= 0 or heights.max() > 1:
        raise ValueError(f"Heights must be above 0 and at most 1. Received: {heights.tolist()}")
    figure, [[axes]] = subplots(height=1.7)
    n = len(steps)
    for i, (text, height) in enumerate(steps):
        axes.add_patch(
            mpl.patches.FancyBboxPatch(
                (i - 0.3, -height / 2),
                0.6,
                height,
                boxstyle="round,pad=0.02",
                fc=(*mpl.colors.to_rgb(COLORS[i % 2]), 0.15),
                ec=COLORS[i % 2],
            )
        )
        axes.text(i, 0, text, ha="center", va="center", fontsize=9)
        if i < n - 1:
            axes.annotate(
                "",
                (i + 0.67, 0),
                (i + 0.33, 0),
                arrowprops={"arrowstyle": "->", "color": INK},
            )
    axes.set(xlim=(-0.4, n - 0.6), ylim=(-0.6, 0.6))
    axes.set_axis_off()
    return figure


@styled
def graphical_model(nodes, edges, inferred=(), observed=(), plates=None):
    """Draw a probabilistic model: variables as circles, joined by arrows.

    Args:
        nodes: Maps what is written in a circle, such as `"$z$"`, to its place
            `(column, row)`; rows count upward.
        edges: Pairs `(parent, child)` of nodes: the child's distribution depends on the
            parent. Drawn as solid arrows.
        inferred: Such pairs for the approximate posterior, drawn as dashed, bent arrows.
        observed: Nodes whose values are known. Their circles are shaded.
        plates: Maps how often a part is repeated, such as `"$N$ pictures"`, to its nodes,
            around which a frame is drawn; `None` draws none.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If there is no node, a place is not two numbers, two nodes share a
            place, or an edge, a plate or `observed` names an unknown node.

    Example:
        >>> figure = graphical_model({"$z$": (0, 1), "$x$": (0, 0)}, [("$z$", "$x$")],
        ...                          inferred=[("$x$", "$z$")], observed=["$x$"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['$z$', '$x$']
    """
    nodes = {
        name: check_array(f"The place of {name}", place, (2,))
        for name, place in check_mapping("nodes", nodes).items()
    }
    if len({tuple(place) for place in nodes.values()}) < len(nodes):
        raise ValueError(f"Nodes need different places. Received: nodes={nodes}")
    plates = {} if plates is None else check_mapping("plates", plates)
    named = [*observed, *(name for edge in (*edges, *inferred) for name in edge)]
    for name in (*named, *(name for members in plates.values() for name in members)):
        if name not in nodes:
            raise ValueError(f"{name!r} is not a node. Received: nodes {list(nodes)}")

    places = np.array(list(nodes.values()))
    (left, bottom), (right, top) = places.min(axis=0) - 0.8, places.max(axis=0) + 0.7
    figure, [[axes]] = subplots(height=0.85 * (top - bottom))
    circles = {name: _circle(axes, name, at, name in observed) for name, at in nodes.items()}
    for parent, child in edges:
        _arrow(axes, circles[parent], circles[child], "-", "arc3")
    for parent, child in inferred:
        _arrow(axes, circles[parent], circles[child], (0, (4, 2)), "arc3,rad=0.45")
    for text, members in plates.items():
        _plate(axes, text, np.array([nodes[name] for name in members]))
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.set_axis_off()
    return figure


def _circle(axes, name, place, is_observed):
    shade = mpl.colors.to_rgba(COLORS[0], 0.3 if is_observed else 0.0)
    circle = axes.add_patch(mpl.patches.Circle(place, _RADIUS, fc=shade, ec=INK, lw=1.5))
    axes.text(*place, name, ha="center", va="center", fontsize=12)
    return circle


def _arrow(axes, start, end, style, connection):
    axes.add_patch(
        mpl.patches.FancyArrowPatch(
            start.center,
            end.center,
            patchA=start,
            patchB=end,
            shrinkA=1,
            shrinkB=1,
            arrowstyle="-|>",
            mutation_scale=14,
            connectionstyle=connection,
            linestyle=style,
            color=INK,
            lw=1.5,
        )
    )


def _plate(axes, text, places):
    (left, bottom), (right, top) = places.min(axis=0), places.max(axis=0)
    left, right, bottom, top = left - 0.55, right + 0.55, bottom - 0.65, top + 0.45
    axes.add_patch(
        mpl.patches.FancyBboxPatch(
            (left, bottom),
            right - left,
            top - bottom,
            boxstyle="round,pad=0,rounding_size=0.1",
            fill=False,
            ec=INK,
            lw=1,
        )
    )
    axes.text(right - 0.07, bottom + 0.06, text, ha="right", va="bottom")
