"""Loads the adapter that is named, and answers one question about it.

The question is JSON on standard input, and so is the answer on standard output.
"""
import importlib.util
import json
import pathlib
import sys

spec = importlib.util.spec_from_file_location("adapter", sys.argv[1])
adapter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(adapter)

question = json.load(sys.stdin)
if question["ask"] == "about":
    answer = {
        "name": adapter.get_name(),
        "version": adapter.get_version(),
        "versions": list(adapter.get_wasi_versions()),
    }
else:
    root = question["root"]
    root = None if root is None else pathlib.Path(root)
    answer = adapter.compute_argv(
        question["module"],
        [question["args"], question["env"], root],
        [],
        "wasi:cli/command",
        "wasm32-wasip1",
    )
    answer = [str(part) for part in answer]
json.dump(answer, sys.stdout)
