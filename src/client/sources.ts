// Which of a directory's sources is asked: its files first, where it publishes any, and its API where they fail. Files that failed
// are left alone for a while, unless nobody else answers.
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { apiSource } from './api-source.ts';
import type { CallParts } from './call.ts';
import { PublishedFiles } from './publication-source.ts';
import type { Source } from './source.ts';

/** For so long, in milliseconds, files that failed are not asked first; each time twice as long, up to the last. */
const REST_FIRST = 5_000;
const REST_LAST = 300_000;
/** What files in order, but behind or ahead of what the reader knows, may be refused for. */
const PASSING: ReadonlySet<Code> = new Set(['checkpoint-stale', 'config-changed', 'depth-changed']);

const isUnreachable = (error: unknown): boolean =>
  error instanceof WhereaboutsError && error.code === 'peer-unreachable';

/** Has identity over time: one a directory and reader. */
export class Sources {
  readonly #parts: CallParts;
  readonly #base: () => Promise<string>;
  readonly #published: () => Promise<string | false | undefined>;
  #files: PublishedFiles | undefined;
  #rest: { readonly until: number; readonly after: number } | undefined;

  /** `base` is the API's address; `published` the files', where there are any. */
  constructor(parts: CallParts, base: () => Promise<string>, published: () => Promise<string | false | undefined>) {
    this.#parts = parts;
    this.#base = base;
    this.#published = published;
  }

  async api(until: number): Promise<Source> {
    return apiSource(this.#parts, await this.#base(), until);
  }

  /** What `work` makes of one source, and verifies of it; where it throws, of the other. */
  async read<T>(until: number, work: (source: Source) => Promise<T>): Promise<T> {
    const { clock } = this.#parts;
    const files = await this.#findFiles();
    const fromApi = async (end: number) => work(await this.api(end));
    if (files === undefined) return fromApi(until);
    const fromFiles = (end: number) => this.#readFiles(files, end, work);
    // Half of the time: the other may have to answer in the rest of it.
    const half = clock() + Math.floor((until - clock()) / 2);
    const isResting = clock() < (this.#rest?.until ?? 0);
    const [first, second] = isResting ? [fromApi, fromFiles] : [fromFiles, fromApi];
    try {
      return await first(half);
    } catch (error) {
      // An API that answers, and says no, is not overruled by files that failed just now.
      if (!(error instanceof WhereaboutsError) || (isResting && !isUnreachable(error))) throw error;
      return second(until).catch((later: unknown) => {
        // Nobody there either: the first failure tells more.
        throw isUnreachable(later) ? error : later;
      });
    }
  }

  async #readFiles<T>(files: PublishedFiles, until: number, work: (source: Source) => Promise<T>): Promise<T> {
    try {
      const found = await work(files.source(until));
      this.#rest = undefined;
      return found;
    } catch (error) {
      if (!(error instanceof WhereaboutsError) || PASSING.has(error.code)) throw error;
      const after = Math.min(REST_LAST, 2 * (this.#rest?.after ?? REST_FIRST / 2));
      this.#rest = { until: this.#parts.clock() + after, after };
      throw error;
    }
  }

  async #findFiles(): Promise<PublishedFiles | undefined> {
    const base = await this.#published();
    if (base === undefined || base === false) return undefined;
    if (this.#files?.base !== base.replace(/\/+$/, '')) this.#files = new PublishedFiles(this.#parts, base);
    return this.#files;
  }
}
