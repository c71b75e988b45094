// The page a directory shows at its own address: files that were built before (web/), and what they are to know of this
// deployment. Says what the page may do in a browser; holds no file and knows no path on a disk.

export type Coding = 'identity' | 'br' | 'gzip';

/** One built file, as it may be sent. */
export interface PageFile {
  /** Media type. */
  readonly type: string;
  /** Entity tag of the content, without quotes. */
  readonly tag: string;
  /** Its name holds a hash of its content: it never changes. */
  readonly isImmutable: boolean;
  /** In which codings it lies there; `identity` is always one of them. */
  readonly codings: readonly Coding[];
  read(coding: Coding): Promise<Uint8Array>;
}

/** The built files, by path from the page's root: `index.html`, `assets/…`. */
export interface PageFiles {
  find(path: string): Promise<PageFile | undefined>;
}

/** What the page is told about where it is: public, and the same for everybody. */
export interface PageSettings {
  /** Made-up people and providers, plain http on this machine. */
  readonly sandbox: boolean;
  /** Domains of the directories one may ask here, this one first. */
  readonly directories: readonly string[];
  /** Networks as whose user one may ask, each with the policy it asks by, as JSON. */
  readonly askers: readonly { readonly name: string; readonly policy: object }[];
  /** Domains of providers to register through. */
  readonly providers: readonly string[];
  /** Whom one may look for to try it out. */
  readonly samples: readonly { readonly name: string; readonly identifier: string }[];
}

export interface Page {
  readonly files: PageFiles;
  readonly settings: PageSettings;
}

/**
 * What the page may do (CSP 3): run and style itself with its own files, and speak to directories, issuers and providers, which are
 * anywhere. No inline script, no frame, no form that is sent, no markup made from text.
 */
export function pagePolicy({ sandbox }: Pick<PageSettings, 'sandbox'>): string {
  const reachable = ["'self'", 'https:', ...(sandbox ? ['http://*.localhost:*'] : [])].join(' ');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${reachable}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The page of a directory that is for real: it asks as whoever the visitor says he is, and trusts issuers that are listed here. */
export const directoryPage = (files: PageFiles, domain: string, listed: ReadonlySet<string>): Page => ({
  files,
  settings: { sandbox: false, directories: [domain], askers: [], providers: [...listed], samples: [] },
});
