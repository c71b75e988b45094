// What the server tells the page about where it is (`/page.json`).

export interface Settings {
  readonly sandbox: boolean;
  readonly directories: readonly string[];
  readonly askers: readonly {
    readonly name: string;
    readonly policy: {
      readonly domain: string;
      readonly logs?: Readonly<Record<string, { readonly witnesses: readonly { readonly key: string }[] }>>;
    };
  }[];
  readonly providers: readonly string[];
  readonly samples: readonly { readonly name: string; readonly identifier: string }[];
}

/** Our own server's word, from the same place as this program. */
export async function fetchSettings(): Promise<Settings> {
  const response = await fetch('/page.json', { credentials: 'omit' });
  if (!response.ok) throw new Error(`page.json: ${response.status}`);
  return (await response.json()) as Settings;
}
