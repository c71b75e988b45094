// A description, and what is to be said about it, as a person reads them. Pure; fetching and checking is describe.ts.
import type { Finding } from '../../../protocol/description-lint.ts';
import type { Description } from '../../../protocol/description.ts';
import type { Position } from './json-places.ts';
import { formatPointer } from './json-places.ts';
import type { Screen } from './screen.ts';

type Style = Screen['style'];

/** A finding with its place in the text, where the text has one. */
export type PlacedFinding = Finding & { readonly position?: Position | undefined };

const COLOURS = { error: 'red', warning: 'yellow', note: 'dim' } as const;

/** One line: `12:5 error /jwks/keys/0 has no kid …`. */
export function formatFinding({ severity, place, reason, position }: PlacedFinding, style: Style): string {
  const at = position === undefined ? '-' : `${position.line}:${position.column}`;
  const pointer = place.length === 0 ? 'the description' : formatPointer(place);
  return `${at.padStart(8)}  ${style(COLOURS[severity], severity.padEnd(7))}  ${pointer} ${reason}`;
}

export function countFindings(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): string => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return `${number} ${severity}${number === 1 ? '' : 's'}`;
  };
  return `${count('error')}, ${count('warning')}, ${count('note')}`;
}

/** What the domain offers. */
export function formatDescription(description: Description, style: Style): string {
  const { domain, name, contact, jwks, issuer, provider, directory, witness, expires, seq, signature } = description;
  const field = (title: string, value: string | undefined): string[] =>
    value === undefined || value === '' ? [] : [`  ${style('dim', title.padEnd(12))}${value}`];
  const lines = [
    `${style('bold', name ?? domain)}  ${style('dim', domain)}`,
    ...field('contact', contact),
    ...field('keys', jwks?.keys.map((key) => `${key.kid ?? '(no id)'} ${key.crv ?? ''}`).join(', ')),
    ...field('signed', signature === undefined ? 'no' : `yes, number ${seq}, until ${expires}`),
  ];
  if (directory !== undefined)
    lines.push(
      '',
      style('bold', '  Directory'),
      ...field('api', directory.api),
      ...field('log', directory.log),
      ...field('issuers', typeof directory.issuers === 'string' ? directory.issuers : directory.issuers?.join(', ')),
    );
  if (issuer !== undefined)
    lines.push('', style('bold', '  Issuer'), ...field('api', issuer.api), ...field('by', issuer.amr?.join(', ')));
  if (witness !== undefined)
    lines.push('', style('bold', '  Witness'), ...field('url', witness.url), ...field('key', witness.key));
  if (provider !== undefined) {
    lines.push(
      '',
      style('bold', '  Provider'),
      ...field('protocols', provider.protocols?.join(', ')),
      ...field('features', provider.features?.join(', ')),
    );
    for (const bridge of provider.bridges ?? [])
      lines.push(
        ...field(
          'bridge',
          `from ${bridge.from.join(', ')} by ${bridge.protocol}: ${bridge.placement}, ${bridge.encryption}`,
        ),
        ...field('', bridge.endpoint),
      );
  }
  return lines.join('\n');
}
