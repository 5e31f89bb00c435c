/**
 * A bag of epochs that knows its smallest. Epochs count the events of a stream and order changes across types;
 * the smallest of what is open decides what may follow. Adding and deleting cost O(log n), the smallest O(1) amortized.
 */
export class Epochs {
  /** How often each epoch of the heap is in the bag; zero until it comes to the top. */
  readonly #counts = new Map<number, number>();
  #heap: number[] = [];
  #dead = 0;

  add(epoch: number): void {
    const count = this.#counts.get(epoch);
    this.#counts.set(epoch, (count ?? 0) + 1);
    if (count === undefined) this.#push(epoch);
    else if (count === 0) this.#dead--;
  }

  /** The epoch must be in the bag. */
  delete(epoch: number): void {
    const count = this.#counts.get(epoch)! - 1;
    this.#counts.set(epoch, count);
    if (count > 0) return;
    this.#dead++;
    // One old epoch at the top must not keep all that came and went after it.
    if (this.#dead > 32 && this.#dead * 2 > this.#heap.length) this.#compact();
  }

  /** Infinity when the bag is empty. */
  get oldest(): number {
    while (this.#heap.length > 0 && this.#counts.get(this.#heap[0]!) === 0) {
      this.#counts.delete(this.#heap[0]!);
      this.#dead--;
      this.#pop();
    }
    return this.#heap[0] ?? Infinity;
  }

  /** Entries that the bag keeps, for tests of its bound. */
  get kept(): number {
    return this.#heap.length;
  }

  #compact(): void {
    for (const epoch of this.#heap) if (this.#counts.get(epoch) === 0) this.#counts.delete(epoch);
    // A sorted array is a heap.
    this.#heap = [...this.#counts.keys()].sort((a, b) => a - b);
    this.#dead = 0;
  }

  #push(epoch: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(epoch);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= epoch) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = epoch;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
