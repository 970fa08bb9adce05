/** WCAG 2 contrast of two sRGB colours. */
export type Rgb = readonly [number, number, number];

/** `#rgb` or `#rrggbb`; null for anything else. */
export function readColour(text: string): Rgb | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(text);
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text);
  if (short) return [short[1], short[2], short[3]].map((d) => Number.parseInt(`${d}${d}`, 16)) as unknown as Rgb;
  if (long) return [long[1], long[2], long[3]].map((d) => Number.parseInt(d as string, 16)) as unknown as Rgb;
  return null;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([r, g, b]: Rgb): number {
  const linear = (channel: number): number => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
