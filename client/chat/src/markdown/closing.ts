/**
 * What the reader sees of a construct that has begun but not ended: `**bo` as bold, a link's label without its half
 * address, a table from its first row. Works on the last top-level block only and never touches code fences.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** A definition that is being typed: invisible when whole, and half an address should not become everybody's link. */
const DEFINITION = /(?:^|\n) {0,3}\[(?!\d+\])[^\]\n]+\]:[ \t]*(?:\S*|\S+[ \t]+["'(][^\n]*)$/;

/** Where the text ends for a reader while it grows. */
export function shownLength(text: string): number {
  const found = DEFINITION.exec(text.slice(-2000));
  return found ? text.length - found[0].length : text.length;
}

export function closeTail(tail: string): string {
  const block = tail.trimEnd();
  if (FENCE.test(block) && !/\n\s*\n/.test(block)) return tail;
  if (insideFence(tail)) return tail;
  const table = closeTable(block);
  if (table !== null) return table;
  const cut = block.replace(/\n {0,3}(?:=+|-+|#{1,6})$/, ""); // a half-typed underline would flash the paragraph as a heading
  const start = lastInline(cut);
  return cut.slice(0, start) + closeInline(cut.slice(start));
}

function insideFence(text: string): boolean {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const fence = /^\s*(?:>\s?|[-*+] |\d+[.)] )*\s*(`{3,}|~{3,})(.*)$/.exec(line);
    const marks = fence?.[1];
    if (!marks) continue;
    if (open === null) open = marks;
    else if (marks.startsWith(open) && !fence?.[2]?.trim()) open = null;
  }
  return open !== null;
}

/** A first row alone, or with half a delimiter row, becomes a table at once instead of a line of pipes. */
function closeTable(block: string): string | null {
  const lines = block.split("\n");
  const [head, rule] = lines;
  if (!head || lines.length > 2 || !/^\s*\|.*\S/.test(head)) return null;
  if (rule !== undefined && !/^\s*\|?[\s:|-]*$/.test(rule)) return null;
  const cells = head.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/);
  const given = (rule ?? "").trim().replace(/^\||\|$/g, "").split("|");
  const marks = cells.map((_, i) => (/^\s*:?-+:?\s*$/.test(given[i] ?? "") ? given[i] : " --- "));
  return `${head}\n|${marks.join("|")}|`;
}

/** Where the last run of inline text starts: after a blank line, a list mark or a table row's line start. */
function lastInline(text: string): number {
  const line = text.lastIndexOf("\n") + 1;
  const rest = text.slice(line);
  if (/^\s*(?:[-*+]|\d+[.)]|#{1,6}|>|\|)(?:\s|$)/.test(rest)) {
    return line + (/^\s*(?:(?:[-*+]|\d+[.)]|#{1,6}|>)\s+)*(?:\[[ xX]\]\s)?/.exec(rest)?.[0].length ?? 0);
  }
  const paragraph = text.lastIndexOf("\n\n") + 2;
  return paragraph > 1 ? paragraph : firstInline(text);
}

function firstInline(text: string): number {
  return /^\s*(?:(?:[-*+]|\d+[.)]|#{1,6}|>)\s+)*(?:\[[ xX]\]\s)?/.exec(text)?.[0].length ?? 0;
}

export function closeInline(text: string): string {
  const open: { mark: string; at: number }[] = [];
  let i = 0;
  while (i < text.length) {
    const c = text[i] as string;
    if (c === "\\") {
      i += 2;
      continue;
    }
    if (c === "`") {
      const run = runOf(text, i);
      const end = text.indexOf(run, i + run.length);
      if (end < 0) {
        const body = text.slice(i + run.length);
        return body.trim() ? finish(text + run, open) : finish(text.slice(0, i), open);
      }
      i = end + run.length;
      continue;
    }
    if (c === "[") {
      const link = /^\[((?:[^\][\\]|\\.|\[[^\]]*\])*)(\]?)(\(?)([^)\n]*)(\)?)/.exec(text.slice(i));
      const [whole = "", label = "", bracket, paren, , end] = link ?? [];
      const image = text[i - 1] === "!";
      if (i + whole.length >= text.length && (!bracket || (paren && !end) || (bracket && !paren && image))) {
        const kept = text.slice(0, image ? i - 1 : i);
        return finish(image || /^\d*$/.test(label) ? kept : kept + label, open);
      }
      i += bracket && paren && end ? whole.length : 1;
      continue;
    }
    if (c === "*" || c === "_" || c === "~") {
      const run = runOf(text, i);
      toggle(open, text, i, run);
      i += run.length;
      continue;
    }
    i++;
  }
  return finish(text, open);
}

function runOf(text: string, at: number): string {
  let end = at;
  while (text[end] === text[at]) end++;
  return text.slice(at, end);
}

function toggle(open: { mark: string; at: number }[], text: string, at: number, run: string): void {
  const c = run[0] as string;
  if (c === "~" && run.length !== 2) return;
  const before = text[at - 1] ?? " ";
  const after = text[at + run.length] ?? " ";
  if (c === "_" && /\w/.test(before) && /\w/.test(after)) return;
  let left = run;
  for (let top = open.at(-1); top && left && !/\s/.test(before) && top.mark[0] === c && left.length >= top.mark.length; top = open.at(-1)) {
    open.pop();
    left = left.slice(top.mark.length);
  }
  if (c === "_" && /\w/.test(before)) return;
  const atEnd = at + run.length >= text.length;
  if (!left || (/\s/.test(after) && !atEnd) || left.length > 3) return;
  if (left.length === 3) open.push({ mark: c, at }, { mark: c + c, at: at + 1 });
  else open.push({ mark: left, at: at + run.length - left.length });
}

function finish(text: string, open: { mark: string; at: number }[]): string {
  let out = text.trimEnd();
  for (const { mark, at } of [...open].reverse()) {
    if (at + mark.length >= out.length) out = out.slice(0, at).trimEnd();
    else out += mark;
  }
  return out;
}
