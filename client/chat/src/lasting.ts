/** A part of the page that is fetched when it is needed, and asked for again until it comes: a cut wire must not blank the page. */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

const lasting = <T>(load: () => Promise<T>): Promise<T> =>
  load().catch(() => new Promise((again) => setTimeout(again, 1000)).then(() => lasting(load)));

export const later = <C extends ComponentType<any>>(load: () => Promise<{ default: C }>): LazyExoticComponent<C> => lazy(() => lasting(load));
