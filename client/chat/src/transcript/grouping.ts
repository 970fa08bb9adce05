/** An answer's parts as people read them: steps that fold, text, blocks; sources apart. Pure. */
import type { Message, Part, Source } from "@opsloom/sdk";

type PartOf<T extends Part["type"]> = Extract<Part, { type: T }>;
export type Step = { index: number; part: PartOf<"reasoning"> | PartOf<"tool"> };

export type Group =
  | { type: "work"; at: number; steps: Step[]; live: boolean }
  | { type: "text"; at: number; part: PartOf<"text">; open: boolean }
  | { type: "block"; at: number; part: PartOf<"block"> }
  | { type: "file"; at: number; part: PartOf<"file"> };

export interface Reading {
  groups: Group[];
  sources: Source[];
  /** The answer runs and nothing that is shown says so: the thinking line stands at its end. */
  thinking: boolean;
}

/** Group parts in order of first use; `at` is the first part's index, stable while the answer grows. */
export function read(message: Message): Reading {
  const running = message.status === "running";
  const groups: Group[] = [];
  const sources: Source[] = [];
  message.parts.forEach((part, index) => {
    const last = groups.at(-1);
    switch (part.type) {
      case "source":
        sources.push(part.source);
        break;
      case "reasoning":
      case "tool":
        if (isShowing(part)) break;
        if (last?.type === "work") last.steps.push({ index, part });
        else groups.push({ type: "work", at: index, steps: [{ index, part }], live: false });
        break;
      case "text":
        if (part.text.trim() || running) groups.push({ type: "text", at: index, part, open: false });
        break;
      case "block":
        groups.push({ type: "block", at: index, part });
        break;
      case "file":
        groups.push({ type: "file", at: index, part });
    }
  });
  const last = groups.at(-1);
  if (running && last?.type === "text") last.open = true;
  if (running) {
    for (const group of groups) {
      if (group.type === "work") group.live = group === last || group.steps.some(({ part }) => part.type === "tool" && part.status === "running");
    }
  }
  const said = (last?.type === "text" && last.part.text !== "") || (last?.type === "block" && last.part.block.growing === true);
  return { groups, sources: sources.toSorted((a, b) => a.number - b.number), thinking: running && !said && last?.type !== "work" };
}

/** A tool whose work is the block that stands there itself; only its failure is news. */
function isShowing(part: Part): boolean {
  return part.type === "tool" && part.status !== "error" && part.status !== "denied" && /^(?:(?:show|ask)_|update_block$)/.test(part.tool);
}

/** How long the steps took together, in ms; steps without a time count as nothing. */
export function workTime(steps: readonly Step[]): number {
  return steps.reduce((sum, { part }) => sum + (part.ms ?? 0), 0);
}

/** The text of an answer without its steps: what the copy button takes and a screen reader is told. */
export function plainText(message: Message): string {
  return message.parts
    .map((part) => (part.type === "text" ? part.text : part.type === "block" ? part.block.fallback : ""))
    .filter((text) => text.trim())
    .join("\n\n");
}

/** The same, with the list of sources below it. */
export function withSources(message: Message): string {
  const list = read(message).sources.map((source) => `[${source.number}] ${source.title}${source.page ? `, p. ${source.page}` : ""}${source.url ? ` ${source.url}` : ""}`);
  return list.length ? `${plainText(message)}\n\n${list.join("\n")}` : plainText(message);
}
