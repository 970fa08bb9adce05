import type { Block, ChatState, Message, Part, Pending } from "@opsloom/sdk";
import { EMPTY, id } from "./FakeChat";
import { ALL_ELEMENTS, SOURCES } from "./samples";

type Scene = () => Partial<ChatState>;

const at = "2026-11-22T14:03:00Z";
const user = (text: string, more: Partial<Message> = {}): Message => ({ id: id("msg"), role: "user", parent: null, siblings: [], status: "done", created_at: at, parts: [{ type: "text", text }], ...more });
const answer = (parts: Part[], more: Partial<Message> = {}): Message => ({ id: id("msg"), role: "assistant", parent: null, siblings: [], status: "done", created_at: at, parts, model: "openai:gpt-5.2-mini", ...more });
const text = (value: string): Part => ({ type: "text", text: value });
const tool = (title: string, more: Partial<Extract<Part, { type: "tool" }>> = {}): Part => ({ type: "tool", call: id("call"), tool: "search_knowledge", title, status: "ok", ms: 640, input: { query: "embed chat website" }, summary: "3 passages", ...more });
const sources: Part[] = SOURCES.map((source) => ({ type: "source", source }));
const block = (kind: string, data: unknown, more: Partial<Block> = {}): Part => ({ type: "block", block: { id: id("blk"), kind, version: 1, data, fallback: `A ${kind} in words.`, state: null, ...more } });
const open = { state: { status: "open" as const } };

const held = (messages: Message[], more: Partial<NonNullable<ChatState["conversation"]>> = {}): Partial<ChatState> => ({
  conversation: { ...EMPTY.conversation!, rev: 9, leaf: messages.at(-1)?.id ?? null, messages, ...more },
});
const running = (message: Message): NonNullable<ChatState["conversation"]>["turn"] => ({ id: "turn_1", epoch: 1, seq: 3, message: { ...message, status: "running" } });
const pending = (value: string, error: Pending["error"] = null): Pending => ({ ref: id("ref"), session: "ses_gallery", frame: { type: "send", ref: "r", text: value }, files: [], at: 0, delayed: null, error });

const choices = { prompt: "Which plan do you want to hear about?", min: 1, multiple: false, options: [{ id: "basic", label: "Basic", description: "For one person" }, { id: "team", label: "Team", description: "Up to 20 people, one bill" }, { id: "self", label: "On our own servers" }] };
const form = { title: "Book a call", submit: "Book", fields: [
  { name: "name", label: "Your name", type: "text", required: true, max: 100 },
  { name: "email", label: "E-mail", type: "email", required: true, placeholder: "you@example.com" },
  { name: "day", label: "Day", type: "date", required: false, min: "2026-01-01" },
  { name: "people", label: "People", type: "number", required: false, min: 1, max: 20, help: "You included" },
  { name: "topic", label: "Topic", type: "select", required: false, options: [{ id: "sales", label: "Buying" }, { id: "support", label: "Help with my account" }] },
  { name: "news", label: "Send me news, at most once a month", type: "checkbox", required: false },
] };
const table = { title: "Sales by region", columns: [{ key: "region", label: "Region", type: "text" }, { key: "since", label: "Since", type: "date" }, { key: "orders", label: "Orders", type: "number" }, { key: "revenue", label: "Revenue", type: "money", unit: "EUR" }], rows: [
  { region: "North", since: "2021-03-01", orders: 1240, revenue: 182500.5 }, { region: "South", since: "2022-07-15", orders: 98, revenue: 12940 }, { region: "West", since: "2019-01-02", orders: 4120, revenue: null }] };
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
const chart = (type: string, series: { name: string; values: (number | null)[] }[], labels: (string | number)[] = months): unknown => ({ title: `Orders in the first half, as ${type}`, type, labels, series, x: { label: "Month" }, y: { label: "Orders", unit: "pcs" } });
const three = [{ name: "North", values: [120, 135, 128, 160, 172, 181] }, { name: "South", values: [98, null, 110, 121, 119, 140] }, { name: "West", values: [60, 72, 90, 70, 64, 99] }];
const progress = { title: "Comparing the two contracts", note: "Section 4 of 9", stages: [{ label: "Read both", status: "done" }, { label: "Find differences", status: "running", weight: 3, done: 0.4 }, { label: "Write the summary", status: "pending" }] };

export const SCENES: Record<string, Scene> = {
  empty: () => ({}),
  loading: () => ({ conversation: null, assistant: null, status: { phase: "connecting", attempt: 1 } }),
  answer: () => held([user("How do I embed the chat on my website?"), answer([{ type: "reasoning", text: "The question is about embedding. I should look at the docs.", ms: 2100 }, tool("Search the knowledge"), tool("Read the document", { ms: 9200, summary: "Embed the chat on a website" }), ...sources, text(ALL_ELEMENTS)], { siblings: ["x", "y"], place: 1, usage: { input_tokens: 1820, output_tokens: 412 } })]),
  short: () => held([user("Hi"), answer([text("Hello. I answer from Opsloom's documentation; ask me anything about it.")]), user("Can I use Anthropic's models, and what happens when the server restarts in the middle of an answer? I'd like to know both."), answer([tool("Search the knowledge"), ...sources.slice(0, 2), text("Yes. Set `ANTHROPIC_API_KEY` and name the model as `anthropic:…`.[1]\n\nAn answer belongs to the server, not to your browser: when the connection breaks it goes on, and you see the rest when you are back.[2]")])]),
  thinking: () => ({ ...held([user("How do I embed the chat?")]), conversation: { ...held([user("How do I embed the chat?")]).conversation!, turn: running(answer([])) } }),
  working: () => ({ conversation: { ...held([user("How do I embed the chat?")]).conversation!, turn: running(answer([{ type: "reasoning", text: "Let me see.", ms: 1200 }, tool("Search the knowledge", { status: "running", progress: { done: 12, total: 40 } })])) } }),
  queue: () => ({ conversation: { ...held([user("How do I embed the chat?"), user("And on a phone?", { status: "queued" }), user("Then tell me about the limits of the free plan, with a table that has all of them side by side", { status: "queued" })]).conversation!, turn: running(answer([text("Add one line to your page and the chat appears in the corner. It works **under a str")])) } }),
  ask: () => held([user("I want to buy."), answer([text("Two things first."), block("choices", choices, open), block("form", form, open)], { status: "waiting" })]),
  asked: () => held([user("I want to buy."), answer([block("choices", choices, { state: { status: "answered", action: "choose", values: { choices: ["team"] } } }), block("form", form, { state: { status: "answered", action: "submit", values: { values: { name: "Ada Lovelace", email: "ada@example.com", people: 3, topic: "sales", news: false } } } }), block("choices", { ...choices, multiple: true, prompt: "What else?" }, { state: { status: "withdrawn" } }), block("choices", { ...choices, multiple: true, max: 2, prompt: "Pick what matters to you" }, open)])]),
  data: () => held([user("Show me the sales."), answer([text("Here they are."), block("table", table), block("progress", progress), block("chart", chart("bar", three)), block("chart", chart("line", three))])]),
  charts: () => held([user("More."), answer([block("chart", chart("area", three.slice(0, 2))), block("chart", chart("pie", [{ name: "Orders", values: [120, 135, 128, 60, 72, 181] }])), block("chart", chart("scatter", three, [1, 2.5, 3, 4.2, 5, 9])), block("weather", {}, { fallback: "Sunny in Vienna, 21 °C.\nTomorrow: rain." })])]),
  endings: () => ({ ...held([user("One"), answer([text("The first half of an answer that was")], { status: "stopped" }), user("Two"), answer([text("Text so far.")], { status: "interrupted" }), user("Three"), answer([tool("Search the knowledge", { status: "error", summary: "The index is being built." })], { status: "failed", error: { code: "unavailable", text: "The model's provider does not answer. Your message is kept; try again in a minute." } })]), pending: [pending("This one was refused", { code: "rate_limited", text: "Too many messages; try again shortly." }), pending("And this is on its way")], status: { phase: "reconnecting", attempt: 2, retryAt: null } }),
};
