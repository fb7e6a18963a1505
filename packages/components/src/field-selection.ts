import { compileStarGlob, type StarGlob, UsageError } from '@sonde/base';
import type { Scope, StructureFieldClass, StructureMember } from '@sonde/trace-model';

/** Which fields to show: top-level members of the scopes, by name. */
export interface FieldSelection {
  readonly names: readonly { readonly scopes: readonly Scope[]; readonly glob: StarGlob }[];
}

const contextScopes: readonly Scope[] = [
  'event-record-common-context',
  'event-record-specific-context',
  'packet-context',
];
const scopesByPrefix = new Map<string, readonly Scope[]>([
  ['', [...contextScopes, 'event-record-payload']],
  ['$ctx.', contextScopes],
  ['$packet.', ['packet-context']],
  ['$payload.', ['event-record-payload']],
]);

/**
 * Parses names of fields, `*` matches anything; `$ctx.NAME`, `$packet.NAME` and `$payload.NAME` name one kind of field only.
 * @throws UsageError `bad-field-name`
 */
export function parseFieldSelection(names: readonly string[]): FieldSelection {
  return {
    names: names.map((text) => {
      const prefix = /^\$[a-z]+\./.exec(text)?.[0] ?? '';
      const scopes = scopesByPrefix.get(prefix);
      const name = text.slice(prefix.length);
      if (scopes === undefined || name === '') {
        throw new UsageError(
          'bad-field-name',
          `"${text}" is not a field; write NAME, $ctx.NAME, $packet.NAME or $payload.NAME.`,
        );
      }
      return { scopes, glob: compileStarGlob(name) };
    }),
  };
}

/** Whether a member of the scope's root is to be shown. */
export function memberFilter(selection: FieldSelection, scope: Scope): (name: string) => boolean {
  const globs = selection.names.filter(({ scopes }) => scopes.includes(scope));
  return (name) => globs.some(({ glob }) => glob.matches(name));
}

/** The members of a scope's root that are not to be shown. */
export function membersOutside(
  selection: FieldSelection | undefined,
  scope: Scope,
  root: StructureFieldClass,
): ReadonlySet<StructureMember> {
  if (selection === undefined) return new Set();
  const isShown = memberFilter(selection, scope);
  return new Set(root.members.filter(({ name }) => !isShown(name)));
}
