// Whether a text is well-formed XML, as far as our figures use it: tags that nest, attributes in quotes, no bare & or <.

export class XmlCheck {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** What is wrong first, or null. */
  trouble(): string | null {
    const open: string[] = [];
    const tag = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
    let at = 0;
    let roots = 0;
    while (at < this.#text.length) {
      const next = this.#text.indexOf("<", at);
      const between = this.#text.slice(at, next < 0 ? undefined : next);
      if (/&(?!(amp|lt|gt|quot|#\d+);)/.test(between)) return `a bare & at ${at}`;
      if (open.length === 0 && between.trim() !== "") return `text outside the root at ${at}`;
      if (next < 0) break;
      tag.lastIndex = next;
      const match = tag.exec(this.#text);
      if (match === null) return `no tag at ${next}: ${this.#text.slice(next, next + 40)}`;
      const [whole, isClosing, name, , isEmpty] = match;
      if (isClosing === "/") {
        const last = open.pop();
        if (last !== name) return `</${name}> closes <${last}>`;
      } else {
        if (open.length === 0 && ++roots > 1) return "a second root";
        if (isEmpty !== "/") open.push(name!);
      }
      at = next + whole.length;
    }
    return open.length > 0 ? `<${open.at(-1)}> stays open` : null;
  }
}
