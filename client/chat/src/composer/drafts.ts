/** What was typed and not sent, a session each. Where storage is blocked, for as long as the page lives. */
const KEY = "opsloom.drafts";
/** Drafts kept; the oldest goes first. */
const MOST = 20;

let memory: Record<string, string> | null = null;

function all(): Record<string, string> {
  if (memory) return memory;
  try {
    const held: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    memory = typeof held === "object" && held !== null ? (held as Record<string, string>) : {};
  } catch {
    memory = {};
  }
  return memory;
}

export function readDraft(session: string): string {
  const text = all()[session];
  return typeof text === "string" ? text : "";
}

export function writeDraft(session: string, text: string): void {
  const { [session]: _, ...rest } = all();
  const kept = Object.entries(rest).slice(-(MOST - 1));
  memory = Object.fromEntries(text ? [...kept, [session, text]] : kept);
  try {
    localStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // full or blocked: the draft still lives on this page
  }
}
