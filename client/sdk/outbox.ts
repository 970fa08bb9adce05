/**
 * Requests that the server has not answered yet. They outlive the page in IndexedDB; where that is blocked (private
 * windows, third-party frames) they live as long as the page, and everything else goes on the same.
 */
import type { ErrorInfo, Request } from "./chat-state";
import type { FileRef } from "./frames.gen";
import { LivingPage } from "./living";

export interface Entry {
  readonly ref: string;
  readonly session: string;
  readonly frame: Request;
  readonly files: readonly FileRef[];
  /** ms since the epoch; entries of a session are sent in this order, `order` breaking ties. */
  readonly at: number;
  readonly order: number;
  /** It left this device at least once, so the server may have it. */
  readonly sent: boolean;
  readonly error: ErrorInfo | null;
  /** The page that wrote it. */
  readonly page?: string;
}

/** Where requests wait whose session has no name yet: the server names it, and until then nobody but this device knows it. */
export const placeOfNew = (assistant: string): string => `new:${assistant}`;
const isUnnamed = (session: string): boolean => session.startsWith(placeOfNew(""));

export interface Outbox {
  /** The session's entries, oldest first; of a session without a name, none that another living page will send. */
  load(session: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  delete(ref: string): Promise<void>;
}

export class MemoryOutbox implements Outbox {
  readonly #entries = new Map<string, Entry>();

  load(session: string): Promise<Entry[]> {
    return Promise.resolve(sorted([...this.#entries.values()].filter((entry) => entry.session === session)));
  }
  put(entry: Entry): Promise<void> {
    this.#entries.set(entry.ref, entry);
    return Promise.resolve();
  }
  delete(ref: string): Promise<void> {
    this.#entries.delete(ref);
    return Promise.resolve();
  }
}

const STORE = "requests";
const BY_SESSION = "session";

export class IndexedDbOutbox implements Outbox {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab with a newer version of the page may upgrade; this one then goes on without storing.
    database.onversionchange = () => database.close();
  }

  async load(session: string): Promise<Entry[]> {
    const store = this.#database.transaction(STORE, "readonly").objectStore(STORE);
    return sorted(await settled<Entry[]>(store.index(BY_SESSION).getAll(session)));
  }
  put(entry: Entry): Promise<void> {
    return this.#write((store) => store.put(entry));
  }
  delete(ref: string): Promise<void> {
    return this.#write((store) => store.delete(ref));
  }

  #write(work: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite");
    const done = finished(transaction);
    work(transaction.objectStore(STORE));
    // Now, and not when this page next has time for it: it may be closed or crash before that.
    transaction.commit?.();
    return done;
  }
}

/** Tries the first; what the first refuses goes to memory, for this page. */
class SafeOutbox implements Outbox {
  readonly #memory = new MemoryOutbox();
  readonly #page = new LivingPage();
  readonly #stored: Promise<Outbox | null>;

  constructor(stored: Promise<Outbox | null>) {
    this.#stored = stored;
  }
  async load(session: string): Promise<Entry[]> {
    const stored = (await this.#try((outbox) => outbox.load(session))) ?? [];
    const orphans = isUnnamed(session) ? await this.#orphans(stored) : stored;
    return sorted([...orphans, ...(await this.#memory.load(session))]);
  }
  async put(entry: Entry): Promise<void> {
    const done = await this.#try((outbox) => outbox.put({ ...entry, page: this.#page.id }).then(() => true));
    if (done !== true) await this.#memory.put(entry);
  }
  async #orphans(entries: readonly Entry[]): Promise<Entry[]> {
    const pages = [...new Set(entries.map((entry) => entry.page))];
    const gone = await Promise.all(pages.map((page) => this.#page.isGone(page)));
    return entries.filter((entry) => gone[pages.indexOf(entry.page)]);
  }
  async delete(ref: string): Promise<void> {
    await this.#memory.delete(ref);
    await this.#try((outbox) => outbox.delete(ref));
  }
  async #try<T>(work: (outbox: Outbox) => Promise<T>): Promise<T | null> {
    const outbox = await this.#stored;
    if (outbox === null) return null;
    try {
      return await work(outbox);
    } catch {
      return null; // quota, a closed database: memory takes over, the person notices nothing
    }
  }
}

/** IndexedDB where there is one, else memory. Never fails. */
export function openOutbox(name = "opsloom"): Outbox {
  return new SafeOutbox(openDatabase(name));
}

async function openDatabase(name: string): Promise<Outbox | null> {
  try {
    const request = globalThis.indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "ref" }).createIndex(BY_SESSION, "session");
    };
    return new IndexedDbOutbox(await settled(request));
  } catch {
    return null;
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refused"));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB refused"));
  });
}

function sorted(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => a.at - b.at || a.order - b.order);
}
