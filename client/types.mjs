// Writes sdk/frames.gen.ts from the protocol's JSON Schema. `--check` only compares, for `make check`.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const schemaFile = new URL("../protocol/schema/protocol.schema.json", import.meta.url);
const target = new URL("sdk/frames.gen.ts", import.meta.url);

/** Say "unknown" and "record" as TypeScript people do; the generator would write `{}` and index signatures. */
function named(node) {
  if (Array.isArray(node)) return node.map(named);
  if (typeof node !== "object" || node === null) return node;
  const keys = Object.keys(node).filter((key) => key !== "title" && key !== "description");
  if (keys.length === 0) return { ...node, tsType: "unknown" };
  if (keys.length === 1 && node.type === "object") return { ...node, tsType: "Record<string, unknown>" };
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      if (key === "properties" || key === "$defs") {
        return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, named(inner)]))];
      }
      return [key, key === "discriminator" ? value : named(value)];
    }),
  );
}

const schema = named(JSON.parse(await readFile(schemaFile, "utf8")));
const compiled = await compile(schema, "OpsloomProtocol", {
  additionalProperties: false,
  bannerComment: "// Generated from protocol/schema by `npm run types`. Do not edit.",
  style: { printWidth: 120 },
  unreachableDefinitions: true,
});
const text = compiled
  .replace(/\n \*\n \* This interface was referenced by [^\n]*\n \* via the `definition` "[^"]*"\.(?=\n \*\/)/g, "")
  .replace(/\/\*\*\n \* This interface was referenced by [^\n]*\n \* via the `definition` "[^"]*"\.\n \*\/\n/g, "");

if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8")) !== text) {
    console.error("client/sdk/frames.gen.ts is stale: run `npm run types` in client/");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
