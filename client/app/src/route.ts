/** Addresses of the page: `/` a new chat, `/c/{session}`, `/knowledge`, `/login#token=…`; `?assistant=` goes along. */
export type Route = { assistant: string | null } & (
  | { page: "chat"; session: string | null }
  | { page: "knowledge" }
  | { page: "login"; token: string }
);

export function routeOf({ pathname, search, hash }: Pick<Location, "pathname" | "search" | "hash">): Route {
  const assistant = new URLSearchParams(search).get("assistant") || null;
  if (pathname === "/login") return { page: "login", assistant, token: new URLSearchParams(hash.slice(1)).get("token") ?? "" };
  if (pathname === "/knowledge") return { page: "knowledge", assistant };
  const session = /^\/c\/([^/]+)$/.exec(pathname)?.[1];
  return { page: "chat", assistant, session: session ? decodeURIComponent(session) : null };
}

export const sessionPath = (session: string): string => `/c/${encodeURIComponent(session)}`;
