/** The parts of a running answer: what one live frame makes of them. Pure. */
import type {
  BlockPatch,
  BlockRender,
  Message,
  ReasoningDelta,
  SourceAdded,
  TextDelta,
  ToolEnd,
  ToolProgress,
  ToolStart,
} from "./frames.gen";
import { Gap, Misfit } from "./misfit";
import { patch } from "./patching";

export type Part = Message["parts"][number];

export type LiveFrame =
  | TextDelta
  | ReasoningDelta
  | ToolStart
  | ToolProgress
  | ToolEnd
  | BlockRender
  | BlockPatch
  | SourceAdded;

/** The answer's parts after a live frame. Throws `Misfit` where the frame does not fit the part that it names. */
export function nextParts(parts: readonly Part[], frame: LiveFrame): Part[] {
  if (!(frame.part >= 0 && frame.part <= parts.length)) throw new Gap(`Part ${frame.part} is not the next one.`);
  const copy = [...parts];
  copy[frame.part] = nextPart(parts[frame.part], frame);
  return copy;
}

function nextPart(held: Part | undefined, frame: LiveFrame): Part {
  switch (frame.type) {
    case "text.delta":
      if (held === undefined) return { type: "text", text: frame.text };
      if (held.type === "text") return { ...held, text: held.text + frame.text };
      break;
    case "reasoning.delta":
      if (held === undefined) return { type: "reasoning", text: frame.text };
      if (held.type === "reasoning") return { ...held, text: (held.text ?? "") + frame.text };
      break;
    case "tool.start":
      if (held === undefined || held.type === "tool") return toolPart(frame);
      break;
    case "tool.progress":
      if (held?.type === "tool") return { ...held, progress: progressed(held.progress, frame) };
      break;
    case "tool.end":
      if (held?.type === "tool") return ended(held, frame);
      break;
    case "block.render":
      if (held === undefined || held.type === "block") return { type: "block", block: frame.block };
      break;
    case "block.patch":
      if (held?.type === "block") {
        return { ...held, block: { ...held.block, version: frame.version, data: patch(held.block.data, frame.ops) } };
      }
      break;
    case "source":
      if (held === undefined) return { type: "source", source: frame.source };
      break;
  }
  throw new Misfit(`${frame.type} does not fit part ${frame.part}.`);
}

type ToolPart = Extract<Part, { type: "tool" }>;

function toolPart({ call, tool, title, input, approval }: ToolStart): ToolPart {
  return {
    type: "tool",
    call,
    tool,
    title,
    status: "running",
    ...(input == null ? {} : { input }),
    ...(approval == null ? {} : { approval }),
  };
}

function progressed(before: ToolPart["progress"], frame: ToolProgress): NonNullable<ToolPart["progress"]> {
  const total = frame.total ?? before?.total;
  const note = frame.note ?? before?.note;
  return {
    done: frame.done ?? before?.done ?? 0,
    ...(total == null ? {} : { total }),
    ...(note == null ? {} : { note }),
  };
}

function ended(held: ToolPart, { status, summary, ms }: ToolEnd): ToolPart {
  const { summary: _, ...rest } = held;
  return { ...rest, status, ms, ...(summary == null ? {} : { summary }) };
}
