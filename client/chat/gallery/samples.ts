import type { Source } from "@opsloom/sdk";

export const SOURCES: Source[] = [
  { id: "s1", number: 1, title: "Embed the chat on a website", document: "d1", chunk: "c1", quote: "The loader is one script of less than 3 kB. It adds a button in the corner and opens the chat in a frame of its own.", url: "https://example.com/docs/embed" },
  { id: "s2", number: 2, title: "Sites and allowed origins", document: "d2", chunk: "c2", quote: "A public assistant without sites may be framed by anyone; with sites, only by those.", page: 4 },
  { id: "s3", number: 3, title: "Look and theme", document: "d3", chunk: "c3", quote: "A tenant changes two values: one accent and one neutral." },
];

export const ALL_ELEMENTS = `Add one line to your page and the chat appears in the corner.[1] It works under a strict content policy and needs **no cookies**.[2]

## In two steps

1. Create an assistant and make it *public*.
2. Paste the loader before \`</body>\`:

\`\`\`html
<!-- one line, any page -->
<script src="https://chat.example.com/widget.js" data-assistant="demo" async></script>
\`\`\`

### What you can change

| Setting | Default | Widest value | Cost, ms |
|---|---|---|---|
| \`accent\` | teal | any colour with contrast of 4.5 or more | 0.4 |
| \`radius\` | round | sharp to pill | 1.25 |
| \`density\` | normal | compact to spacious | 12 |

> The panel is 400 px wide, and a full screen under 640 px.

- The launcher sits 20 px from the corner
  - on the other side in right-to-left pages
  - above a phone's safe area
- Its text is in [the language of the page](https://example.com/lang)
- [x] Works without cookies
- [ ] Works without JavaScript

\`\`\`python
async def answer(question: str, limit: int = 8) -> Answer:
    """Search first, then speak."""
    passages = await knowledge.search(question, limit=limit)
    return Answer(text=compose(passages), cost=0.0021)  # about 900 tokens
\`\`\`

---

A tenant changes two values, ~~eleven~~ one accent and one neutral; the rest is derived.[3] Press \`Ctrl\` + \`K\` to search.`;

/** About 100 kB in 140 sections: what the speed of the transcript is measured with (`?scene=empty&long`). */
export const LONG = Array.from(
  { length: 140 },
  (_, i) => `## Section ${i + 1}

${"A sentence with **bold words**, some `code` and a [link](https://example.com). ".repeat(5)}

- one
- two with *stress*

| Name | Figure |
|---|---|
| a | ${i} |
| b | ${i * 2} |

\`\`\`python
def section_${i}() -> int:
    return ${i}
\`\`\``,
).join("\n\n");
