/** A tree of the token sequences of a few constant texts. `option` is set where one of them ends. */
export type OptionTrie = { option?: string; next: Map<number, OptionTrie> };

/** Builds the tree; the options must differ. */
export function createOptionTrie(options: string[], codec: { encode(text: string): number[] }): OptionTrie {
  const root: OptionTrie = { next: new Map() };
  for (const option of options) {
    let node = root;
    for (const id of codec.encode(option)) {
      let child = node.next.get(id);
      if (!child) {
        child = { next: new Map() };
        node.next.set(id, child);
      }
      node = child;
    }
    node.option = option;
  }
  return root;
}
