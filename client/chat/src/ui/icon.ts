/**
 * What an icon of lucide is drawn with, in place of lucide's own (the build swaps it in): the same attributes without the
 * handling of contexts and classes that nothing here uses, 1.3 kB less before the first message.
 */
import { createElement, type ReactNode, type SVGProps } from "react";

interface IconData {
  readonly node: readonly (readonly [tag: string, attributes: Readonly<Record<string, string>>])[];
}

export interface IconProps extends SVGProps<SVGSVGElement> {
  readonly size?: number | string;
}

export default function createIcon({ node }: IconData): (props: IconProps) => ReactNode {
  return ({ size = 24, ...more }) =>
    createElement(
      "svg",
      {
        width: size,
        height: size,
        viewBox: "0 0 24 24",
        fill: "none",
        stroke: "currentColor",
        strokeWidth: 2,
        strokeLinecap: "round",
        strokeLinejoin: "round",
        "aria-hidden": true,
        ...more,
      },
      ...node.map(([tag, attributes]) => createElement(tag, attributes)),
    );
}
