// Display equations that scroll can be reached by keyboard, as the theme's code cells can.
const markScrollingEquations = () => {
  for (const equation of document.querySelectorAll("mjx-container[display]")) {
    equation.tabIndex = equation.scrollWidth > equation.clientWidth ? 0 : -1;
  }
};
window.addEventListener("load", () => window.MathJax?.startup.promise.then(markScrollingEquations));
window.addEventListener("resize", markScrollingEquations);
