// Who is next to whom in a conversation's tree, and what follows: the way between two networks, who forwards where, and which bridge
// stands for whom (§11.7). Every bridge computes it for itself.
import type { Edge } from './tree.ts';

/** A place in the tree: networks and bridges may have the same name. */
type Place = `b ${string}` | `n ${string}`;

export interface Paths {
  /** The networks of a bridge. Sorted. */
  networksOf(bridge: string): readonly string[];
  /** Bridges and networks from one network to another, both ends included; undefined where there is no way. */
  way(
    from: string,
    to: string,
  ): { readonly bridges: readonly string[]; readonly networks: readonly string[] } | undefined;
  /** The network that a bridge has towards another; undefined where there is no way, or it is in no tree. */
  towards(bridge: string, network: string): string | undefined;
  /** The one bridge that stands on network `on` for the people of `home`; undefined on their own network and where there is no way. */
  represents(home: string, on: string): string | undefined;
  /** Every network of the tree. Sorted. */
  readonly networks: readonly string[];
}

export function readPaths(edges: readonly Edge[]): Paths {
  const next = new Map<Place, Place[]>();
  const add = (from: Place, to: Place): void => void next.set(from, [...(next.get(from) ?? []), to]);
  for (const [bridge, network] of edges) {
    add(`b ${bridge}`, `n ${network}`);
    add(`n ${network}`, `b ${bridge}`);
  }
  /** Of every place the next one towards `to`, found once. */
  const known = new Map<Place, ReadonlyMap<Place, Place>>();
  const towards = (to: Place): ReadonlyMap<Place, Place> => {
    const found = known.get(to);
    if (found !== undefined) return found;
    const before = new Map<Place, Place>([[to, to]]);
    for (const [place] of before) for (const one of next.get(place) ?? []) if (!before.has(one)) before.set(one, place);
    known.set(to, before);
    return before;
  };
  const trace = (from: Place, to: Place): Place[] | undefined => {
    const before = towards(to);
    if (!before.has(from)) return undefined;
    const places = [from];
    for (let at = from; at !== to;) {
      at = before.get(at) ?? to;
      places.push(at);
    }
    return places;
  };
  const names = (places: readonly Place[], kind: 'b' | 'n'): string[] =>
    places.filter((place) => place[0] === kind).map((place) => place.slice(2));
  return {
    networks: [...new Set(edges.map(([, network]) => network))].toSorted(),
    networksOf: (bridge) => names(next.get(`b ${bridge}`) ?? [], 'n').toSorted(),
    way(from, to) {
      const places = trace(`n ${from}`, `n ${to}`);
      return places && { bridges: names(places, 'b'), networks: names(places, 'n') };
    },
    towards(bridge, network) {
      const places = trace(`b ${bridge}`, `n ${network}`);
      return places === undefined ? undefined : names(places, 'n')[0];
    },
    represents(home, on) {
      const places = trace(`n ${on}`, `n ${home}`);
      return places === undefined ? undefined : names(places, 'b')[0];
    },
  };
}
