// Where a publication's files are kept: a folder, or a store with S3's interface or R2's. What is in them: protocol/publication.ts.

export interface Found {
  readonly octets: Uint8Array;
  /** Tells this state of the file from every other one. */
  readonly version: string;
}

/**
 * Files by path. Any number of writers may use one store at once; what one of them wrote the others, and readers, see from
 * then on, and it is durable once the call resolves. A call that rejects may have been carried out all the same.
 */
export interface PublicationStore {
  /** Undefined where there is none; rejects where it is longer than `maxOctets`. */
  find(path: string, maxOctets: number): Promise<Found | undefined>;
  /** Writes a file that never changes: whoever writes it, and however often, writes the same. */
  put(path: string, octets: Uint8Array): Promise<void>;
  /**
   * Compare-and-swap of a text that changes: written only where the file still is of `version`, or, with undefined, where
   * there still is none; else false, and nothing is written. Of several writers at once one wins.
   */
  replace(path: string, text: string, version: string | undefined): Promise<boolean>;
  /** Removes files; one that is not there is none to remove. */
  remove(paths: readonly string[]): Promise<void>;
  /** The paths that begin with `prefix`, in parts of any size; what is written or removed meanwhile may be among them or not. */
  list(prefix: string): AsyncIterable<readonly string[]>;
}
