// What was made of one epoch, kept while that epoch is the newest: each thing is made once, whoever asks for it, and all of it is
// forgotten with the next epoch. Of public octets only.

/** Has identity over time. `T` is made from nothing but the epoch and its name. */
export class EpochCache<T> {
  readonly #most: number;
  readonly #sizeOf: (value: T) => number;
  readonly #kept = new Map<string, Promise<T>>();
  #note: string | undefined;
  #octets = 0;

  /** Keeps some `most` octets, counted by `sizeOf`. */
  constructor(most: number, sizeOf: (value: T) => number) {
    this.#most = most;
    this.#sizeOf = sizeOf;
  }

  /** From here on things of the epoch with this signed note are kept, and no others. */
  turnTo(note: string): void {
    if (note === this.#note) return;
    this.#note = note;
    this.#forget();
  }

  /** The thing called `name` at the epoch with `note`, made by `make` unless it is there; a failure is nobody else's. */
  async take(note: string, name: string, make: () => Promise<T>): Promise<T> {
    if (note !== this.#note) return make();
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const making = make();
    this.#kept.set(name, making);
    try {
      const value = await making;
      if (this.#kept.get(name) === making) this.#count(this.#sizeOf(value));
    } catch (error) {
      if (this.#kept.get(name) === making) this.#kept.delete(name);
      throw error;
    }
    return making;
  }

  #count(octets: number): void {
    this.#octets += octets;
    // All at once: the next epoch would have done it anyway.
    if (this.#octets > this.#most) this.#forget();
  }

  #forget(): void {
    this.#kept.clear();
    this.#octets = 0;
  }
}
