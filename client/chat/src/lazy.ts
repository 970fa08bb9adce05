/**
 * React's `lazy`, but a part that does not come is asked for again each second: a cut wire must not blank the page.
 * For the page's own parts. A block stands in a Guard, which shows its words instead.
 */
import { lazy as once, type ComponentType, type LazyExoticComponent } from "react";

const lasting = <T>(load: () => Promise<T>): Promise<T> =>
  load().catch(() => new Promise((again) => setTimeout(again, 1000)).then(() => lasting(load)));

export const lazy = <C extends ComponentType<any>>(load: () => Promise<{ default: C }>): LazyExoticComponent<C> => once(() => lasting(load));
