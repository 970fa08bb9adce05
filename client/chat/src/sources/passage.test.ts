import { describe, expect, it } from "vitest";
import { tidy } from "./passage";

describe("passages", () => {
  it("read without the marks of Markdown", () => {
    expect(tidy("## Head\n\nOne line\nand **its** end in `code`.\n\n```sh\nmake run\n```\n- a [link](https://x.y)")).toBe("Head\n\nOne line and its end in code.\n\nmake run\n\n- a link");
  });
});
