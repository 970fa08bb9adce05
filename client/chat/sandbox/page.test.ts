import { describe, expect, it } from "vitest";
import { pageOf, policyOf } from "./page";

const PAGE = { html: "<p>Words</p>", title: "T", csp: { connectDomains: [], resourceDomains: [] }, theme: "light" as const, variables: {} };

describe("an app's page", () => {
  it("begins with its policy, before anything of the app", () => {
    const page = pageOf({ ...PAGE, html: "<!doctype html><html><head><script>1</script>" });
    expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<script>"));
    expect(page.startsWith("<!doctype html>")).toBe(true);
    expect(page.endsWith("<script>1</script>")).toBe(true);
  });

  it("cannot be ended early by a value of the theme", () => expect(pageOf({ ...PAGE, variables: { "--a": "</style><script>x()</script>" } })).not.toContain("<script>x()"));

  it("asks for nothing where nothing was asked for", () => {
    expect(policyOf(PAGE.csp)).toContain("connect-src 'none'");
    expect(policyOf(PAGE.csp)).not.toMatch(/https?:|'self'|\*/);
  });

  it("asks for origins, and for nothing that is none", () => {
    const policy = policyOf({
      connectDomains: ["https://api.example.com", "https://a.example;script-src *", "*", "https://*.example.com", 'https://a.example">', "https://a.example/path", "'self'"],
      resourceDomains: ["http://cdn.example.com:8080"],
    });
    expect(policy).toContain("connect-src https://api.example.com;");
    expect(policy).toContain("script-src 'unsafe-inline' http://cdn.example.com:8080;");
    expect(policy).not.toMatch(/\*|"|path|'self'/);
    expect(policy.split(";").length).toBe(12);
  });
});
