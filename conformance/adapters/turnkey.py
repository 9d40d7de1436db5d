"""Lets the official WASI test runner drive the `turnkey` command.

The suite is the branch `prod/testsuite-base` of WebAssembly/wasi-testsuite.
Its runner needs Python 3.12 or newer and the package `colorama`. From a
checkout of that branch:

    TURNKEY=/path/to/turnkey TURNKEY_ENGINE=wasmi \\
    python3 test-runner/wasi_test_runner.py \\
        -t tests/c/testsuite/wasm32-wasip1 \\
           tests/rust/testsuite/wasm32-wasip1 \\
           tests/assemblyscript/testsuite/wasm32-wasip1 \\
        -r /path/to/conformance/adapters/turnkey.py --disable-colors

Some tests leave files in the suite's directories, so run a fresh copy of
`tests` each time.

Read from the environment:

TURNKEY            the command, split as a shell would (default: turnkey)
TURNKEY_ENGINE     the value of --engine (default: wasmtime)
TURNKEY_GUEST_ENV  NAME=VALUE pairs, split as a shell would, that each guest
                   gets beside its own. ERRNO_MODE_UNIX=1 makes the Rust tests
                   accept only the errno that a Unix host gives. The three
                   modules named environ_* do not get them: they check that the
                   environment holds exactly what the test gave, so any further
                   variable fails them on every host.

Each test becomes

    turnkey run --engine E [--env NAME=VALUE ...] [--dir ROOT::/] MODULE ARGS...
"""

import os
import shlex
import subprocess

COMMAND = shlex.split(os.environ.get("TURNKEY", "turnkey"))
ENGINE = os.environ.get("TURNKEY_ENGINE", "wasmtime")
GUEST_ENV = shlex.split(os.environ.get("TURNKEY_GUEST_ENV", ""))


def get_name():
    """The runtime as the report names it, with its engine."""
    return f"turnkey-{ENGINE}"


def get_version():
    """The last word of `turnkey --version`.

    A command that is missing, or fails, raises here; the runner then reports
    the runtime as unavailable.
    """
    answer = subprocess.run(
        [*COMMAND, "--version"], check=True, capture_output=True, encoding="utf-8"
    )
    return answer.stdout.split()[-1]


def get_wasi_versions():
    """The suites that apply."""
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    """The worlds that apply: commands only."""
    return ["wasi:cli/command"]


def compute_argv(path, args_env_dirs, proposals, wasi_world, wasi_version):
    """The command line that runs the module at `path`.

    `args_env_dirs` holds the guest's arguments (a list), its environment (a
    dict), and the host directory that it sees as `/` (a path, or None for no
    directory at all). The other three say which proposals, world and version a
    test is for; preview 1 commands need none of them.
    """
    args, env, root = args_env_dirs
    pairs = [f"{name}={value}" for name, value in env.items()]
    if not os.path.basename(path).startswith("environ_"):
        pairs = GUEST_ENV + pairs

    argv = [*COMMAND, "run", "--engine", ENGINE]
    for pair in pairs:
        argv += ["--env", pair]
    if root is not None:
        argv += ["--dir", f"{root}::/"]
    return [*argv, str(path), *args]
