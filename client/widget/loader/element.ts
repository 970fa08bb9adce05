/** Elements by hand: no HTML is parsed, so a host that demands trusted types is content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name] as string);
  element.append(...children);
  return element;
}

/** A 24 px icon of one stroke; its looks are in the sheet. */
export function icon(path: string): SVGElement {
  const [svg, line] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag)) as [SVGElement, SVGElement];
  svg.setAttribute("viewBox", "0 0 24 24");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const SPEECH = "M21 12a8 8 0 0 1-12 7l-5 1 1-5a8 8 0 1 1 16-3Z";
export const DOWN = "m6 9 6 6 6-6";
