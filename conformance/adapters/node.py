"""Lets a runner of wasi-testsuite's form drive Node's `node:wasi`.

Node has no command for it, so `node.mjs` beside this file is one. Read from the
environment:

NODE  the command, split as a shell would (default: node)
"""

import json
import os
import pathlib
import shlex
import subprocess

COMMAND = shlex.split(os.environ.get("NODE", "node"))
HOST = pathlib.Path(__file__).with_name("node.mjs")


def get_name():
    """The runtime as the report names it."""
    return "node"


def get_version():
    """What `node --version` says, without its v."""
    answer = subprocess.run(
        [*COMMAND, "--version"], check=True, capture_output=True, encoding="utf-8"
    )
    return answer.stdout.strip().lstrip("v")


def get_wasi_versions():
    """The suites that apply."""
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    """The worlds that apply."""
    return ["wasi:cli/command"]


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    """The command that runs one test."""
    args, env, root = args_env_root
    preopens = {} if root is None else {"/": str(root)}
    given = {"args": [str(test_path), *args], "env": env, "preopens": preopens}
    return [*COMMAND, "--no-warnings", str(HOST), json.dumps(given)]
