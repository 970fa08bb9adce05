/** A film. */
import type { ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import { Player } from "./parts/Player";
import type { BlockProps } from "./registry";

interface VideoData {
  file: string;
  title: string;
  description?: string | null;
  seconds?: number | null;
  poster?: string | null;
  captions?: string | null;
  width?: number | null;
  height?: number | null;
}

export default function Video({ data }: BlockProps): ReactNode {
  const { file, title, description, seconds, poster, captions, width, height } = data as VideoData;
  return (
    <Card label={title}>
      <CardTitle>{title}</CardTitle>
      <div className="mt-3"><Player file={file} title={title} kind="video" seconds={seconds} poster={poster} captions={captions} ratio={width && height ? `${width} / ${height}` : undefined} /></div>
      {description ? <p className="mt-3 whitespace-pre-wrap text-ui text-muted">{description}</p> : null}
    </Card>
  );
}
