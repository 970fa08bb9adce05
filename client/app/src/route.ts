/** Addresses of the page: `/` a new chat, `/c/{session}`, `/knowledge`, `/login#token=…`. */
export type Route =
  | { page: "chat"; session: string | null; assistant: string | null }
  | { page: "knowledge" }
  | { page: "login"; token: string };

export function routeOf({ pathname, search, hash }: Pick<Location, "pathname" | "search" | "hash">): Route {
  if (pathname === "/login") return { page: "login", token: new URLSearchParams(hash.slice(1)).get("token") ?? "" };
  if (pathname === "/knowledge") return { page: "knowledge" };
  const session = /^\/c\/([^/]+)$/.exec(pathname)?.[1];
  return { page: "chat", session: session ? decodeURIComponent(session) : null, assistant: new URLSearchParams(search).get("assistant") };
}

export const sessionPath = (session: string): string => `/c/${encodeURIComponent(session)}`;
