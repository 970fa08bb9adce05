/** What one open page has: who asks, the server's doors, the chat, and the list of conversations. */
import { blockKinds } from "@opsloom/chat";
import { Chat, HttpTickets, openKeep, Rest, RestError, type SessionRow } from "@opsloom/sdk";
import { createStore, type StoreApi } from "zustand/vanilla";
import { routeOf, sessionPath, type Route } from "./route";

/** Where nothing else is asked for: the public assistant of the first start. */
const ASSISTANT = "demo";
const SIGNED_IN = "signed-in";
const SESSIONS_AT_ONCE = 60;

export interface Me {
  name: string;
  role: string;
  csrf: string;
}

export interface PageState {
  route: Route;
  /** null: a visitor. */
  me: Me | null;
  sessions: readonly SessionRow[];
  /** What was asked for in the search field; "" for all. */
  query: string;
  /** null before the first answer. */
  listed: boolean;
  more: string | null;
}

export interface Workspace {
  chat: Chat;
  rest: Rest;
  state: StoreApi<PageState>;
  /** The address of a conversation on this page. */
  address: (session: string) => string;
  openSession: (session: string) => void;
  newChat: () => void;
  go: (path: string) => void;
  list: (query?: string) => Promise<void>;
  listMore: () => Promise<void>;
  rename: (session: string, title: string) => Promise<void>;
  remove: (session: string) => Promise<void>;
  signOut: () => Promise<void>;
}

export function createWorkspace(): Workspace {
  const server = location.origin;
  const keep = openKeep();
  const route = routeOf(location);
  // It stands in every address of this page but the first start's: a visitor is known to one assistant, so an address that
  // is opened again, reloaded or passed on within this browser must lead to the same one.
  const assistant = routeOf(location).assistant ?? ASSISTANT;
  // An address of somebody who tries a draft; to all others the server says no.
  const draft = /[?&]draft/.test(location.search);
  const within = (path: string): string =>
    assistant === ASSISTANT && !draft ? path : `${path}?assistant=${encodeURIComponent(assistant)}${draft ? "&draft" : ""}`;
  const state = createStore<PageState>(() => ({ route, me: null, sessions: [], query: "", listed: false, more: null }));
  const tickets = new HttpTickets({
    server,
    assistant,
    draft,
    keep,
    credentials: "same-origin",
    csrf: () => state.getState().me?.csrf ?? null,
  });
  const rest = new Rest({
    server,
    bearer: () => (state.getState().me || keep.get(SIGNED_IN) ? null : tickets.visitor()),
    csrf: () => state.getState().me?.csrf ?? null,
  });

  const show = (bare: string, replace = false): void => {
    const path = within(bare);
    if (path !== location.pathname + location.search) history[replace ? "replaceState" : "pushState"](null, "", path);
    state.setState({ route: routeOf(location) });
  };
  const chat = new Chat({
    server,
    tickets,
    rest,
    // With a session, the assistant is for what waits in the outbox where the server never got to know the session; an
    // address of a conversation that is not there says so, and does not quietly begin another.
    ...(route.page === "chat" && route.session ? { session: route.session } : {}),
    assistant,
    kinds: blockKinds(),
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    onSession: (session) => {
      if (state.getState().route.page === "chat") show(sessionPath(session), true);
    },
  });

  const list = async (query = state.getState().query): Promise<void> => {
    state.setState({ query });
    try {
      const page = await rest.sessions({ q: query || undefined, limit: SESSIONS_AT_ONCE });
      if (state.getState().query === query) state.setState({ sessions: page.items, more: page.cursor, listed: true });
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      state.setState({ listed: true }); // the list is a convenience; the chat itself says when the server is away
    }
  };

  const identify = async (): Promise<void> => {
    if (!keep.get(SIGNED_IN)) return;
    try {
      const { user, csrf } = await rest.get<{ user: { name: string; role: string }; csrf?: string | null }>("me");
      state.setState({ me: { name: user.name, role: user.role, csrf: csrf ?? "" } });
    } catch (error) {
      if (error instanceof RestError && error.status === 401) keep.remove(SIGNED_IN);
    }
  };

  const workspace: Workspace = {
    chat,
    rest,
    state,
    list,
    address: (session) => within(sessionPath(session)),
    openSession: (session) => {
      show(sessionPath(session));
      chat.open({ session });
    },
    newChat: () => {
      show("/");
      chat.open({ assistant });
    },
    go: (path) => show(path),
    listMore: async () => {
      const { more, query, sessions } = state.getState();
      if (!more) return;
      const page = await rest.sessions({ q: query || undefined, limit: SESSIONS_AT_ONCE, cursor: more });
      state.setState({ sessions: [...sessions, ...page.items], more: page.cursor });
    },
    rename: async (session, title) => {
      const row = await rest.renameSession(session, title);
      state.setState(({ sessions }) => ({ sessions: sessions.map((one) => (one.id === session ? { ...one, title: row.title } : one)) }));
    },
    remove: async (session) => {
      const open = chat.getState().conversation?.session.id === session;
      if (open) workspace.newChat(); // first, so that the closing of the session finds nobody in it
      await rest.deleteSession(session);
      state.setState(({ sessions }) => ({ sessions: sessions.filter((one) => one.id !== session) }));
    },
    signOut: async () => {
      await rest.post("logout");
      keep.remove(SIGNED_IN);
      location.assign("/");
    },
  };

  addEventListener("popstate", () => {
    const next = routeOf(location);
    state.setState({ route: next });
    if (next.page !== "chat") return;
    const open = chat.getState().conversation?.session.id;
    if (next.session && next.session !== open) chat.open({ session: next.session });
    else if (!next.session) chat.open({ assistant });
  });
  keepListed(workspace);
  void identify().then(() => chat.connect());
  return workspace;
}

/** Ask for the list when attached, and again when a turn ends or a title changes: that is when it can differ. */
function keepListed({ chat, list }: Workspace): void {
  let told = "";
  chat.subscribe(() => {
    const { conversation, status } = chat.getState();
    if (!conversation || status.phase !== "online") return;
    const { session, rev, turn } = conversation;
    const now = `${session.id} ${session.title ?? ""} ${rev > 0} ${turn === null}`;
    if (now === told) return;
    told = now;
    void list();
  });
}

/** Trade the one-time token for a cookie. Throws `RestError` with words. */
export async function signIn(token: string): Promise<void> {
  await new Rest({ server: location.origin }).post("login", { token });
  openKeep().set(SIGNED_IN, "1");
}
