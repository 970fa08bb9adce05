/** The frame and the line to what is inside it. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useConversation } from "../../context";
import type { AppData, Asked } from "../App";
import { Bridge } from "./bridge";
import { contextOf, themeOf, variablesOf, watchTheme, type HostContext } from "./hostContext";

/** px: kept free for a page that says nothing of its height, the least and the most that it then gets. */
const RESERVED = 320;
const LEAST = 40;
const MOST = 720;
/** ms after which `/sandbox` is taken for unreachable: a slow line brings its 4 kB in far less. */
const WITHIN_MS = 15_000;

interface AppFrameProps {
  app: AppData;
  html: string | null;
  asked: Asked | null;
  ask: (asked: Asked | null) => void;
  onUnreachable: () => void;
}

export function AppFrame({ app, html, asked, ask, onUnreachable }: AppFrameProps): ReactNode {
  const { compose } = useConversation();
  const { title = "App", description = "", height, data, csp } = app;
  const frame = useRef<HTMLIFrameElement>(null);
  const [said, setSaid] = useState(RESERVED);
  const [loaded, setLoaded] = useState(false);
  const tall = height ?? said;

  // What the bridge calls later, as it is by then.
  const now = useRef({ asked, ask, compose, title, height, onUnreachable });
  useEffect(() => {
    now.current = { asked, ask, compose, title, height, onUnreachable };
  });
  const [bridge] = useState(() => new Bridge({
    send: (message) => frame.current?.contentWindow?.postMessage(message, "*"), // its page has no origin to name
    context: () => contextHere(frame.current, now.current.height),
    resize: (wanted) => setSaid(Math.round(Math.min(Math.max(wanted, LEAST), MOST))),
    openLink: (url) => new Promise((answer) => {
      if (now.current.asked) answer(false); // one question at a time
      else now.current.ask({ url, answer });
    }),
    draft: (text) => {
      // Nothing is written for a person who does something else: they have the focus in the app, and it leaves with the draft.
      if (document.activeElement !== frame.current) return false;
      now.current.compose(text);
      return true;
    },
  }));

  useEffect(() => {
    const receive = ({ source, origin, data }: MessageEvent): void => {
      if (source === null || source !== frame.current?.contentWindow || origin !== "null") return;
      bridge.receive(data);
      setLoaded(bridge.ready);
    };
    addEventListener("message", receive);
    return () => removeEventListener("message", receive);
  }, [bridge]);

  // A frame far down is fetched when it comes into view; from then on there is no reason to wait long.
  useEffect(() => {
    const element = frame.current;
    if (!element || loaded) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) timer ??= setTimeout(() => now.current.onUnreachable(), WITHIN_MS);
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      clearTimeout(timer);
    };
  }, [loaded]);

  const wanted = JSON.stringify([csp?.connect ?? [], csp?.resources ?? []]);
  useEffect(() => {
    if (!html) return;
    const [connectDomains, resourceDomains] = JSON.parse(wanted) as [string[], string[]];
    const root = document.documentElement;
    void bridge.load({ html, title: now.current.title, csp: { connectDomains, resourceDomains }, theme: themeOf(root), variables: variablesOf(root) });
  }, [bridge, html, wanted]);

  useEffect(() => bridge.tell({ data: data ?? {}, words: description }), [bridge, data, description]);

  useEffect(() => {
    const root = document.documentElement;
    return watchTheme(root, () => bridge.contextChanged({ theme: themeOf(root), styles: { variables: variablesOf(root) } }));
  }, [bridge]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const watch = new ResizeObserver(() => bridge.contextChanged({ containerDimensions: contextHere(element, height).containerDimensions }));
    watch.observe(element);
    return () => watch.disconnect();
  }, [bridge, height]);

  return (
    <div className="relative border-t border-line" style={{ blockSize: tall + 1 }}>
      <iframe ref={frame} src="/sandbox" sandbox="allow-scripts" title={title} loading="lazy" referrerPolicy="no-referrer" className="block size-full" />
    </div>
  );
}

function contextHere(frame: HTMLElement | null, height: number | null | undefined): HostContext {
  return contextOf(document.documentElement, frame?.clientWidth ?? 0, height ? { height } : { maxHeight: MOST });
}
