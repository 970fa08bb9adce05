/** A chart as a PNG: its drawing with the colours it has on screen, the title above and the legend below. */
import type { ChartData } from "./model";

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor"];
/** px round the drawing, and of a line of text. */
const [EDGE, LINE] = [24, 22];
const FONT = "ui-sans-serif, system-ui, sans-serif";

/** Twice the size on screen, so that it is sharp in a document; null where the browser cannot draw it. */
export async function picture(svg: SVGSVGElement, chart: ChartData): Promise<Blob | null> {
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  const image = await loaded(standalone(svg));
  const style = getComputedStyle(svg);
  const named = chart.type !== "pie" && chart.series.length > 1;
  const canvas = document.createElement("canvas");
  const whole = { width: width + 2 * EDGE, height: height + 2 * EDGE + LINE + (named ? LINE : 0) };
  canvas.width = whole.width * 2;
  canvas.height = whole.height * 2;
  const pen = canvas.getContext("2d");
  if (!pen || !image) return null;
  pen.scale(2, 2);
  pen.fillStyle = backdrop(svg);
  pen.fillRect(0, 0, whole.width, whole.height);
  pen.fillStyle = style.color;
  pen.font = `600 15px ${FONT}`;
  pen.fillText(chart.title, EDGE, EDGE + 8, width);
  pen.drawImage(image, EDGE, EDGE + LINE, width, height);
  if (named) {
    pen.font = `13px ${FONT}`;
    const inks = colours(svg, chart.series.length);
    let x = EDGE;
    chart.series.forEach(({ name }, s) => {
      pen.fillStyle = inks[s] ?? style.color;
      pen.fillRect(x, whole.height - EDGE - 2, 11, 11);
      pen.fillStyle = style.color;
      pen.fillText(name, x + 17, whole.height - EDGE + 8);
      x += 17 + pen.measureText(name).width + 20;
    });
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The drawing by itself, with what the page's style sheet says about it written into it. */
function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg.querySelectorAll<SVGElement>("*"), copy.querySelectorAll<SVGElement>("*")];
  to.forEach((node, i) => {
    const seen = getComputedStyle(from[i] as SVGElement);
    node.removeAttribute("class");
    node.removeAttribute("style");
    for (const name of STYLES) node.setAttribute(name, seen.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("font-family", FONT);
  return new XMLSerializer().serializeToString(copy);
}

async function loaded(text: string): Promise<HTMLImageElement | null> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

/** The first colour behind the drawing that can be seen. */
function backdrop(node: Element | null): string {
  for (let one = node; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!/^(transparent|rgba\(0, 0, 0, 0\))$/.test(colour)) return colour;
  }
  return "#fff";
}

/** The inks as the browser resolves them: a canvas knows no variables. */
function colours(svg: SVGSVGElement, count: number): string[] {
  const probe = document.createElement("span");
  svg.parentElement?.append(probe);
  const found = Array.from({ length: count }, (_, i) => {
    probe.style.color = `var(--chart-${(i % 8) + 1})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}
