/** A binary min-heap of numbers. */
export class NumberHeap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= value) {
        break;
      }
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  /** Takes the smallest out; undefined when empty. */
  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) {
      return top;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) {
        child++;
      }
      if (child >= items.length || items[child]! >= last) {
        break;
      }
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
