// Runs a command of preview 0 or 1 in Node's `node:wasi`, with what is given as
// JSON in the one argument: `args` (the module first), `env`, `preopens`.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const given = JSON.parse(process.argv[2]);
const module = await WebAssembly.compile(await readFile(given.args[0]));
const old = WebAssembly.Module.imports(module).some(
  (needed) => needed.module === "wasi_unstable",
);
const wasi = new WASI({
  ...given,
  version: old ? "unstable" : "preview1",
  returnOnExit: true,
});
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  console.error(String(error));
  process.exitCode = 134;
}
