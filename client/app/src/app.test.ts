import { describe, expect, it } from "vitest";
import { routeOf, sessionPath } from "./route";

const at = (pathname: string, search = "", hash = ""): ReturnType<typeof routeOf> => routeOf({ pathname, search, hash });

describe("routes", () => {
  it("are what the address says", () => {
    expect(at("/")).toEqual({ page: "chat", session: null, assistant: null });
    expect(at("/", "?assistant=help")).toEqual({ page: "chat", session: null, assistant: "help" });
    expect(at(sessionPath("ses_a/b"))).toEqual({ page: "chat", session: "ses_a/b", assistant: null });
    expect(at(sessionPath("ses_a"), "?assistant=help")).toEqual({ page: "chat", session: "ses_a", assistant: "help" });
    expect(at("/knowledge")).toEqual({ page: "knowledge", assistant: null });
    expect(at("/login", "", "#token=t1")).toEqual({ page: "login", token: "t1", assistant: null });
    expect(at("/login")).toEqual({ page: "login", token: "", assistant: null });
  });
});
