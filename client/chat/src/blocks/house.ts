/** Which component shows which kind of the house: one file each, a chunk of its own, fetched with the first block of the kind. */
import { lazy } from "react";
import { addedComponent, type BlockComponent } from "./registry";

const house: Readonly<Record<string, BlockComponent>> = {
  choices: lazy(() => import("./Choices")),
  form: lazy(() => import("./Form")),
  table: lazy(() => import("./Table")),
  chart: lazy(() => import("./Chart")),
  progress: lazy(() => import("./Progress")),
  tasks: lazy(() => import("./Tasks")),
  metrics: lazy(() => import("./Metrics")),
  card: lazy(() => import("./Thing")),
  carousel: lazy(() => import("./Carousel")),
  image: lazy(() => import("./Image")),
  file: lazy(() => import("./File")),
  audio: lazy(() => import("./Audio")),
  video: lazy(() => import("./Video")),
  code: lazy(() => import("./Code")),
  sql: lazy(() => import("./Sql")),
  accordion: lazy(() => import("./Accordion")),
  tabs: lazy(() => import("./Tabs")),
  link: lazy(() => import("./Link")),
  map: lazy(() => import("./Map")),
  notice: lazy(() => import("./Notice")),
  error: lazy(() => import("./ErrorBlock")),
  layout: lazy(() => import("./Layout")),
  confirm: lazy(() => import("./Confirm")),
  app: lazy(() => import("./App")),
};

/** What an extension registered goes before. */
export const blockComponent = (kind: string): BlockComponent | undefined => addedComponent(kind) ?? (Object.hasOwn(house, kind) ? house[kind] : undefined);
