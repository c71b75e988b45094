// When a depth began that a directory had more than once (§6.2): nobody says so, but each epoch's leaf has its depth. Reads few of
// them where the depth seldom changed, and all of them before it gives up.

/** Depth of the map in an epoch, from its verified leaf. */
type ReadDepth = (epoch: number) => Promise<number>;

/**
 * Epochs in which the depth of `epoch` may have begun, each later than the one before; the last one is right. Between two samples
 * the depth may have gone to and fro unseen: whoever can tell by what began there stops at the right one.
 */
export async function* findEras(
  reader: { readonly readDepth: ReadDepth },
  epoch: number,
  depth: number,
): AsyncGenerator<number> {
  const read = new Map<number, boolean>();
  const isSame = async (at: number): Promise<boolean> => {
    const same = read.get(at) ?? (await reader.readDepth(at)) === depth;
    read.set(at, same);
    return same;
  };
  let begun = await findBeginning(isSame, epoch);
  yield begun;
  for (let step = widest(epoch - begun); step >= 1; step = Math.floor(step / 2)) {
    const other = await findOther(isSame, { begun, epoch, step });
    if (other === undefined) continue;
    begun = await halve(isSame, other, Math.min(other + step, epoch));
    yield begun;
    step = 2 * widest(epoch - begun);
  }
}

/** The greatest power of two that is not above `length`. */
const widest = (length: number): number => (length < 1 ? 0 : 2 ** Math.floor(Math.log2(length)));

type IsSame = (at: number) => Promise<boolean>;

/** By steps that double, then by halving. */
async function findBeginning(isSame: IsSame, epoch: number): Promise<number> {
  let [other, same] = [-1, epoch];
  for (let step = 1; epoch - step > other; step *= 2) {
    if (await isSame(epoch - step)) same = epoch - step;
    else other = epoch - step;
  }
  return halve(isSame, other, same);
}

/** The first of those that are the same up to `same`, after `other`, which is not. */
async function halve(isSame: IsSame, other: number, same: number): Promise<number> {
  let [low, high] = [other, same];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isSame(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The last epoch of another depth, of every `step`-th one back to `begun`. */
async function findOther(
  isSame: IsSame,
  { begun, epoch, step }: { readonly begun: number; readonly epoch: number; readonly step: number },
): Promise<number | undefined> {
  for (let at = epoch - step; at > begun; at -= step) if (!(await isSame(at))) return at;
  return undefined;
}
