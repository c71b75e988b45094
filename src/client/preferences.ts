// What the asker wants and does not want, applied to an answer after it was made: nothing of this is ever sent anywhere (§7).

export interface Preferences {
  /** Purposes the route must be good for: `personal`, `business`, `emergency`, … One that names none is good for all. */
  readonly for?: readonly string[];
  /** Providers to go first, best first. */
  readonly prefer?: readonly string[];
  /** Providers, and operators of bridges, to stay away from. */
  readonly avoid?: readonly string[];
}

/** Whether a route is for one of the purposes asked for. */
export function isFor(tags: readonly string[] | undefined, purposes: readonly string[] | undefined): boolean {
  if (tags === undefined || tags.length === 0 || purposes === undefined || purposes.length === 0) return true;
  return tags.some((tag) => purposes.includes(tag));
}

/** What is arranged: a provider to be reached at, and how. */
interface Offer {
  readonly domain: string;
  /** Of the bridges on the way. */
  readonly operators: readonly string[];
}

/** Leaves out what is avoided and puts the preferred first; everything else keeps its order. */
export function arrange<T>(items: readonly T[], read: (item: T) => Offer, preferences: Preferences): T[] {
  const { prefer = [], avoid = [] } = preferences;
  const rank = (item: T): number => {
    const place = prefer.indexOf(read(item).domain);
    return place === -1 ? prefer.length : place;
  };
  const isWelcome = (item: T): boolean => {
    const { domain, operators } = read(item);
    return ![domain, ...operators].some((one) => avoid.includes(one));
  };
  return items.filter(isWelcome).toSorted((a, b) => rank(a) - rank(b));
}
