import { describe, expect, it } from "vitest";
import { Template } from "../../../cache/components/template.ts";
import { MempredError } from "../../../core/errors.ts";

describe("templates (F04, F16)", () => {
  it("fills in names wherever they stand", () => {
    const template = new Template("Dear {name}, {greeting} {name}!");
    expect(template.names).toEqual(["name", "greeting"]);
    expect(template.render({ name: "Ada", greeting: "good day," })).toBe("Dear Ada, good day, Ada!");
  });

  it("looks at no value a second time", () => {
    const template = new Template("{a}{b}");
    expect(template.render({ a: "{b}", b: "{a}" })).toBe("{b}{a}");
    expect(template.render({ a: "$&", b: "$1" })).toBe("$&$1");
  });

  it("leaves braces without a name alone", () => {
    const text = '{"json": {}} { space } {1} {} a{b:hover}';
    expect(new Template(text).names).toEqual([]);
    expect(new Template(text).render({ json: 1, b: 2 })).toBe(text);
    expect(new Template("{{name}}").render({ name: "x" })).toBe("{x}");
  });

  it("takes own properties alone", () => {
    const template = new Template("{toString}{__proto__}{constructor}");
    expect(template.render({})).toBe("{toString}{__proto__}{constructor}");
    expect(template.render(JSON.parse('{"__proto__": "p", "constructor": "c"}'), "empty")).toBe("pc");
  });

  it("missing values stay, vanish or are an error that names them all", () => {
    const template = new Template("{a}-{b}-{c}");
    expect(template.render({ b: 0 })).toBe("{a}-0-{c}");
    expect(template.render({ b: false, a: null }, "empty")).toBe("-false-");
    const failing = () => template.render({ b: "" }, "error");
    expect(failing).toThrow(MempredError);
    expect(failing).toThrow(/\{a\}, \{c\}/);
  });

  it("variants are equal exactly when the text is", () => {
    const template = new Template("{a} {b}");
    const same = (left: Record<string, unknown>, right: Record<string, unknown>) =>
      expect(template.variantOf(left) === template.variantOf(right)).toBe(
        template.render(left, "empty") === template.render(right, "empty"),
      );
    same({ a: 1, b: 2 }, { b: "2", a: "1", unused: 3 });
    same({ a: "x", b: "y" }, { a: "x y", b: "" });
    same({ a: 'x","y', b: "" }, { a: "x", b: "y" });
  });
});
