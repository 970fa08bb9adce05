// Builds the pages and the loader beside the server's package, then puts them in place in one step: a server that runs
// meanwhile never sees half a build.
import { cp, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../server/opsloom_server/static");
const fresh = here(`node_modules/.opsloom-static-${process.pid}`);
const old = `${fresh}-old`;

try {
  await build({ configFile: here("vite.config.ts"), build: { outDir: fresh, emptyOutDir: true } });
  await build({ configFile: here("vite.loader.config.ts"), build: { outDir: fresh, emptyOutDir: false } });
  await move(target, old).catch(ignoreMissing);
  await move(fresh, target);
} finally {
  await Promise.all([fresh, old].map((path) => rm(path, { recursive: true, force: true })));
}

async function move(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    if (error.code !== "EXDEV") throw error; // node_modules may be a volume of its own
    await cp(from, to, { recursive: true });
    await rm(from, { recursive: true });
  }
}

function ignoreMissing(error) {
  if (error.code !== "ENOENT") throw error;
}
