"""`app`: a small page of its own inside the answer, with its own script, shut off from everything else.

What it may do is not the model's to say: the page that frames it (`docs/blocks-apps.md`) lets nothing in or out but
what the server's operator allowed, and `csp` only asks for some of that.
"""

from typing import Annotated, Any, Final

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import WHOLE, Data
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.references import FileId

HTML_CHARS: Final = 200_000
"""Longest page that stands in the block itself, which every open tab is sent; a file holds a longer one."""
MOST_HEIGHT: Final = 2_000
"""px; two screens."""

Origin = Annotated[
    str,
    Meta(max_length=300, pattern="^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", description="like https://api.example.com"),
]


class Csp(Data, frozen=True, kw_only=True):
    """What the page would like to reach. Only what the server's operator allowed as well is reached."""

    connect: Annotated[list[Origin], Meta(max_length=20, description="requests of its script")] = field(
        default_factory=list
    )
    resources: Annotated[list[Origin], Meta(max_length=20, description="scripts, styles, pictures, fonts")] = field(
        default_factory=list
    )


class App(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[
        str, Meta(min_length=1, max_length=4_000, description="what the page shows, whole, in plain words")
    ]
    html: (
        Annotated[
            str,
            WHOLE,  # half a page would start anew with every letter
            Meta(min_length=1, max_length=HTML_CHARS, description="the page with its styles and scripts inside"),
        ]
        | None
    ) = None
    file: Annotated[FileId, Meta(description="a stored HTML file, in place of `html`")] | None = None
    height: (
        Annotated[int, Meta(ge=40, le=MOST_HEIGHT, description="px; left out: as tall as the page, up to 720")] | None
    ) = None
    data: (
        Annotated[dict[str, Any], Meta(description="figures that the page is told, and told again on a change")] | None
    ) = None
    csp: Csp | None = None


_EXAMPLE: Final = """<style>
  form { display: grid; gap: 14px; padding: 20px clamp(16px, 3.1vw, 20px); }
  label { display: grid; grid-template-columns: 1fr auto; gap: 4px; }
  input { grid-column: 1 / -1; accent-color: var(--color-text-info); }
  output { font-size: var(--font-heading-xl-size); line-height: 1.25; font-weight: var(--font-weight-semibold); }
</style>
<form>
  <label>People <b></b><input name="people" type="range" min="1" max="12" value="2"></label>
  <label>Tip in percent <b></b><input name="tip" type="range" min="0" max="25" value="10"></label>
  <output aria-live="polite"></output>
</form>
<script>
  const form = document.forms[0], send = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  let data = { amount: 0, currency: "EUR" }, locale = "en";
  const show = () => {
    for (const input of form.querySelectorAll("input")) input.previousElementSibling.textContent = input.value;
    const each = data.amount * (1 + form.tip.value / 100) / form.people.value;
    const words = new Intl.NumberFormat(locale, { style: "currency", currency: data.currency }).format(each);
    form.querySelector("output").textContent = words + " each";
  };
  form.addEventListener("input", show);
  addEventListener("message", ({ source, data: message }) => {
    if (source !== parent) return;
    if (message.id === 1) {
      locale = message.result.hostContext.locale;
      send({ method: "ui/notifications/initialized" });
    }
    if (message.method === "ui/notifications/tool-result") { data = message.params.structuredContent; show(); }
  });
  send({ id: 1, method: "ui/initialize", params: {
    protocolVersion: "2026-01-26", appInfo: { name: "split", version: "1" }, appCapabilities: {} } });
  show();
</script>
"""


class AppKind(BlockKind[App]):
    kind = "app"
    title = "Show a small app"
    about = (
        "Show a small interactive page that you write whole: a calculator, a simulation, a drawing that no other block "
        "can show. HTML with its styles and scripts inside; nothing is loaded from anywhere, nothing is stored, and it "
        "is no place for words or plain figures. Take colours from --color-background-primary, --color-text-primary, "
        "--color-text-secondary, --color-text-info and --color-border-primary, so that it reads in the dark as well. "
        "`data` comes as an MCP App's ui/notifications/tool-result, in structuredContent, after ui/initialize."
    )
    data = App
    example = App(
        title="Split the bill",
        description="A bill of 86.40 EUR: for two people with a tip of 10 percent, each pays 47.52 EUR.",
        html=_EXAMPLE,
        height=210,
        data={"amount": 86.4, "currency": "EUR"},
    )

    def fallback(self, data: App) -> str:
        return f"{data.title}\n{data.description}"

    def check(self, data: App) -> list[Issue]:
        issues = []
        if (data.html is None) == (data.file is None):
            issues.append(Issue(path="/html", text="Give either `html` or `file`."))
        if data.html is not None and not data.html.strip():
            issues.append(Issue(path="/html", text="The page is empty."))
        for name in ("connect", "resources") if data.csp is not None else ():
            issues += [
                Issue(path=f"/csp/{name}/{at}", text="An origin has no blanks.")
                for at, origin in enumerate(getattr(data.csp, name))
                if origin.endswith("\n")  # Python's `$` lets one pass
            ]
        return issues

    def early(self, data: App) -> bool:
        return data.html is None or data.file is None


APP = AppKind()
