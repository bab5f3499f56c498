"""Grades strangers' notebooks: rebuild, run in a sandbox, judge in another process, report.

nbgrader stays the instructor's tool; `assignments/nbgrader_config.py` plugs this in. The way
of a notebook:

1. `rebuild`: the instructor's source, with the text of the student's solution cells in it.
2. `provisioner`, `_zygote`, `_sandbox`: a kernel forked from a process that has imported
   TensorFlow already, without network, files, or neighbors.
3. `_verdict`, `_proxies`, `wire`: the test cells, in a second process that the student's code
   cannot reach. What the student defined is a proxy there; only plain data crosses.
4. `preprocessor`, `exporter`: the steps above as nbgrader's extension points.
5. `feedback`: what the student gets to see.

Nothing else in the package imports this part, except test cells, which may use `checks`.
"""
