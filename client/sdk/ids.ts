/** A new `ref`. Not `crypto.randomUUID`, which browsers withhold on plain http (a server on the LAN). */
export function newRef(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
