/** `card`: one thing with its picture, facts and links. */
import type { ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import { Content, Words, type PartData } from "./parts/Part";
import { Outside } from "./parts/Outside";
import { Picture } from "./parts/Picture";
import type { BlockProps } from "./registry";

interface ThingData {
  title: string;
  subtitle?: string | null;
  image?: { file: string; alt: string } | null;
  text?: string | null;
  facts?: { label: string; value: string }[];
  items?: PartData[];
  links?: { label: string; url: string }[];
}

export default function Thing({ data, live }: BlockProps): ReactNode {
  const { title, subtitle, image, text, facts = [], items = [], links = [] } = data as ThingData;
  return (
    <Card label={title} flush>
      {image ? <Picture file={image.file} alt={image.alt} cover className="aspect-video max-h-72 w-full" /> : null}
      <div className="flex flex-col gap-3 p-(--pad)">
        <div>
          <CardTitle>{title}</CardTitle>
          {subtitle ? <p className="text-ui text-muted">{subtitle}</p> : null}
        </div>
        {text ? <Words text={text} /> : null}
        {facts.length > 0 ? (
          <dl className="facts">
            {facts.map(({ label, value }, i) => (
              <div key={i} className="contents">
                <dt className="text-muted">{label}</dt>
                <dd className="whitespace-pre-wrap [overflow-wrap:anywhere]">{value}</dd>
              </div>
            ))}
          </dl>
        ) : null}
        {items.length > 0 ? <Content items={items} live={live} /> : null}
        {links.length > 0 ? (
          <p className="flex flex-wrap gap-x-5 gap-y-1 text-ui">
            {links.map(({ label, url }, i) => <Outside key={i} url={url} className="py-1 font-medium text-accent">{label}</Outside>)}
          </p>
        ) : null}
      </div>
    </Card>
  );
}
