/**
 * `/sandbox`, the page that frames an app's (`chat/sandbox/relay.ts`), as one file with its script inside: its policy names
 * no origin, not even its own, so it can fetch nothing.
 */
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function sandboxPage(): Plugin {
  return {
    name: "sandbox-page",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "sandbox.html", source: await page() });
    },
    configureServer(server) {
      server.middlewares.use("/sandbox", (_, response, next) => {
        page().then((text) => response.setHeader("content-type", "text/html").setHeader("content-security-policy", "sandbox allow-scripts").end(text), next);
      });
    },
  };
}

async function page(): Promise<string> {
  const lib = { entry: here("chat/sandbox/relay.ts"), formats: ["iife" as const], name: "sandbox" };
  const built = await build({ configFile: false, logLevel: "error", publicDir: false, build: { write: false, target: "es2022", lib } });
  const [output] = [built].flat();
  const chunk = output && "output" in output ? output.output[0] : null;
  if (chunk?.type !== "chunk") throw new Error("The sandbox page was not built.");
  const style = "html,body,iframe{inline-size:100%;block-size:100%;margin:0;border:0;display:block;overflow:hidden;background:transparent}:root{color-scheme:light dark}";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><style>${style}</style><body><script>${chunk.code.replaceAll("</", "<\\/")}</script></body></html>`;
}
