"""Imported by the preloading process: what a kernel would otherwise import as it starts."""

import contextlib
import importlib

for _name in (
    *("IPython.core.completer", "IPython.core.magics", "IPython.core.history", "jedi"),
    *("IPython.extensions.storemagic", "ipykernel.zmqshell", "ipykernel.comm.manager"),
    *("ipykernel.datapub", "ipykernel.codeutil", "ipykernel.subshell_manager"),
    *("matplotlib_inline.backend_inline", "comm"),
    *("tornado.platform.asyncio", "zmq.eventloop.zmqstream", "IPython.core.pylabtools"),
    *("keras.src.backend.tensorflow.trainer", "scipy.special", "pandas"),
    *(f"tensorflow.python.data.ops.{n}_op" for n in ("flat_map", "from_tensors", "range", "zip")),
):
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
