/** The files that the gallery's blocks name, made here: a drawing, a tone, a few bytes. */
import type { FileRef } from "@opsloom/sdk";
import type { FileStore } from "../src/context";

export const files: FileStore = {
  download: (file) => (file.includes("gone") ? Promise.reject(new Error("Not found.")) : Promise.resolve(make(file))),
  upload: (file): Promise<FileRef> => Promise.resolve({ id: "fil_uploaded", name: file.name, media_type: file.type || "text/plain", bytes: file.size }),
};

function make(file: string): Blob {
  if (file.startsWith("fil_0a0a")) return new Blob(["<p style='padding:0 20px'>This page is a file."], { type: "text/plain" });
  if (/sound/.test(file)) return new Blob([tone()], { type: "audio/wav" });
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="600" viewBox="0 0 960 600"><rect width="960" height="600" fill="#d8e6e1"/><path d="M0 420 240 240l160 130 180-210 380 290v150H0z" fill="#0f766e"/><path d="M0 500 300 380l220 100 200-120 240 130v110H0z" fill="#134e4a"/><circle cx="730" cy="130" r="54" fill="#f6f2ea"/></svg>`;
  return new Blob([drawing], { type: "image/svg+xml" });
}

/** A second of a quiet 440 Hz, 8 kHz, 8 bits. */
function tone(): ArrayBuffer {
  const count = 8_000;
  const view = new DataView(new ArrayBuffer(44 + count));
  const text = (at: number, value: string): void => [...value].forEach((one, i) => view.setUint8(at + i, one.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + count, true); text(8, "WAVEfmt "); view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, count, true); view.setUint32(28, count, true);
  view.setUint16(32, 1, true); view.setUint16(34, 8, true); text(36, "data"); view.setUint32(40, count, true);
  for (let i = 0; i < count; i++) view.setUint8(44 + i, 128 + Math.round(24 * Math.sin((i * 440 * 2 * Math.PI) / count)));
  return view.buffer;
}
