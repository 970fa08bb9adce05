/**
 * Block kinds from outside. An extension is an ES module of this very origin whose default export is called with a small
 * api; it brings no React of its own, so it stays a few kilobytes and cannot mix two copies.
 *
 *     export default function ({ h, registerBlock }) {
 *       registerBlock("weather", ({ data }) => h("p", null, `${data.city}: ${data.degrees} °C`));
 *     }
 */
import { createElement, useEffect, useMemo, useRef, useState } from "react";
import { registerBlock } from "./registry";

export interface ExtensionApi {
  h: typeof createElement;
  hooks: { useState: typeof useState; useEffect: typeof useEffect; useMemo: typeof useMemo; useRef: typeof useRef };
  registerBlock: typeof registerBlock;
}

type Extension = (api: ExtensionApi) => void | Promise<void>;

const api: ExtensionApi = { h: createElement, hooks: { useState, useEffect, useMemo, useRef }, registerBlock };
const loaded = new Map<string, Promise<void>>();

/**
 * Load extensions, each once. Addresses of other origins are refused, and one that fails leaves the others and the chat
 * alone: its blocks show their fallback text. Returns what went wrong, in words.
 */
export async function loadExtensions(urls: readonly unknown[]): Promise<string[]> {
  const results = await Promise.allSettled(urls.map((url) => loadOnce(String(url))));
  return results.flatMap((result) => (result.status === "rejected" ? [String((result.reason as Error).message)] : []));
}

function loadOnce(url: string): Promise<void> {
  const address = sameOrigin(url);
  if (!address) return Promise.reject(new Error(`The extension ${url} is not on this server and was not loaded.`));
  const held = loaded.get(address) ?? run(address);
  loaded.set(address, held);
  return held;
}

async function run(address: string): Promise<void> {
  const module = (await import(/* @vite-ignore */ address)) as { default?: unknown };
  if (typeof module.default !== "function") throw new Error(`The extension ${address} has no default function.`);
  await (module.default as Extension)(api);
}

/** The absolute address, or null where it is of another origin. */
export function sameOrigin(url: string, base: string = location.href): string | null {
  try {
    const address = new URL(url, base);
    return address.origin === new URL(base).origin && /^https?:$/.test(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}
