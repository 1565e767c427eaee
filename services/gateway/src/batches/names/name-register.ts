import { quote, refuse } from "../../http/refuse.ts";

/** Remembers the names of a batch and refuses one that two rows would write. Names that differ only in case or Unicode form are one: many file systems think so. */
export class NameRegister {
  readonly #lines = new Map<string, number>();

  /** Throws NAME_COLLISION, which names both lines. */
  add(name: string, line: number): void {
    const folded = name.normalize("NFC").toLowerCase();
    const first = this.#lines.get(folded);
    if (first !== undefined) {
      const got = `${quote(name)} for line ${first} and line ${line}`;
      throw refuse("NAME_COLLISION", { argument: "output.name", expected: "a name of its own for each file", got });
    }
    this.#lines.set(folded, line);
  }
}
