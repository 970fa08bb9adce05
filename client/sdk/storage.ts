/** A few small strings that should outlive the page: `localStorage`, or memory where the browser blocks it. */
export interface Keep {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export class MemoryKeep implements Keep {
  readonly #values = new Map<string, string>();
  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }
  set(key: string, value: string): void {
    this.#values.set(key, value);
  }
  remove(key: string): void {
    this.#values.delete(key);
  }
}

/** Asking for `localStorage` already throws where third-party storage is blocked, so the probe is a whole round trip. */
export function openKeep(prefix = "opsloom."): Keep {
  try {
    const storage = globalThis.localStorage;
    const probe = `${prefix}probe`;
    storage.setItem(probe, "1");
    storage.removeItem(probe);
    return new StorageKeep(storage, prefix);
  } catch {
    return new MemoryKeep();
  }
}

class StorageKeep implements Keep {
  /** What did not fit (quota) is at least kept for this page. */
  readonly #unsaved = new MemoryKeep();
  readonly #storage: Storage;
  readonly #prefix: string;

  constructor(storage: Storage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }
  get(key: string): string | null {
    return this.#unsaved.get(key) ?? this.#storage.getItem(this.#prefix + key);
  }
  set(key: string, value: string): void {
    try {
      this.#storage.setItem(this.#prefix + key, value);
      this.#unsaved.remove(key);
    } catch {
      this.#unsaved.set(key, value);
    }
  }
  remove(key: string): void {
    this.#unsaved.remove(key);
    this.#storage.removeItem(this.#prefix + key);
  }
}
