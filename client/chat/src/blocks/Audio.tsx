/** Something to listen to, with what is said in it. */
import type { ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import { Fold } from "./parts/Fold";
import { Player } from "./parts/Player";
import type { BlockProps } from "./registry";

interface AudioData {
  file: string;
  title: string;
  seconds?: number | null;
  transcript?: string | null;
}

export default function Audio({ data }: BlockProps): ReactNode {
  const { file, title, seconds, transcript } = data as AudioData;
  return (
    <Card label={title}>
      <CardTitle>{title}</CardTitle>
      <div className="mt-3"><Player file={file} title={title} kind="audio" seconds={seconds} /></div>
      {transcript ? <Fold label="Transcript" className="mt-2"><p className="whitespace-pre-wrap text-ui">{transcript}</p></Fold> : null}
    </Card>
  );
}
