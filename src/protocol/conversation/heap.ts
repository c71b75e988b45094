// A binary heap of vertices by distance, for shortest paths. Vertices may be in it more than once: who takes one out looks
// whether its distance is still the one it was put in with.

export class Heap {
  readonly #distances: number[] = [];
  readonly #vertices: number[] = [];

  get size(): number {
    return this.#vertices.length;
  }

  push(distance: number, vertex: number): void {
    let at = this.#vertices.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#distances[parent] ?? 0;
      if (above <= distance) break;
      this.#distances[at] = above;
      this.#vertices[at] = this.#vertices[parent] ?? 0;
      at = parent;
    }
    this.#distances[at] = distance;
    this.#vertices[at] = vertex;
  }

  /** Takes the nearest out. */
  pop(): { readonly distance: number; readonly vertex: number } | undefined {
    const [distance] = this.#distances;
    const [vertex] = this.#vertices;
    const lastDistance = this.#distances.pop();
    const lastVertex = this.#vertices.pop();
    if (distance === undefined || vertex === undefined || lastDistance === undefined || lastVertex === undefined)
      return undefined;
    if (this.#vertices.length > 0) this.#sink(lastDistance, lastVertex);
    return { distance, vertex };
  }

  #sink(distance: number, vertex: number): void {
    const size = this.#vertices.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (this.#distances[child + 1] ?? 0) < (this.#distances[child] ?? 0)) child++;
      const below = this.#distances[child] ?? 0;
      if (below >= distance) break;
      this.#distances[at] = below;
      this.#vertices[at] = this.#vertices[child] ?? 0;
      at = child;
    }
    this.#distances[at] = distance;
    this.#vertices[at] = vertex;
  }
}
