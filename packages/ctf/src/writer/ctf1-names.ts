import type { Role, Scope } from '@sonde/trace-model';

/** CTF 1.8.3 §C.1.2: words that can't be names of fields. */
const keywords: ReadonlySet<string> = new Set(
  (
    'align callsite char clock const double enum env event float floating_point int integer long short ' +
    'signed stream string struct trace typealias typedef unsigned variant void _Bool _Complex _Imaginary'
  ).split(' '),
);

const identifier = /^(?!\d)(?:\w|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8})+$/;

export function isIdentifier(name: string): boolean {
  return identifier.test(name) && !keywords.has(name);
}

/** The name as displayed: readers remove one leading underscore. */
export function displayedName(identifier: string): string {
  return identifier.startsWith('_') ? identifier.slice(1) : identifier;
}

/** An identifier that is displayed as `name`; undefined: there is none. */
export function identifierFor(name: string): string | undefined {
  const identifier = name.startsWith('_') || keywords.has(name) ? `_${name}` : name;
  return name !== '' && isIdentifier(identifier) ? identifier : undefined;
}

/** The name of a member or option in the text. */
export function textName(part: { name?: string; originalName?: string }): string | undefined {
  const { name, originalName } = part;
  return originalName ?? (name === undefined || isIdentifier(name) ? name : identifierFor(name));
}

/** CTF 1.8 gives roles by name, to members of the scope's root (CTF 1.8.3 §5). */
const packetRoleNames: { readonly [S in Scope]?: { readonly [R in Role]?: string } } = {
  'packet-header': {
    'packet-magic-number': 'magic',
    'metadata-stream-uuid': 'uuid',
    'data-stream-class-id': 'stream_id',
    'data-stream-id': 'stream_instance_id',
  },
  'packet-context': {
    'packet-total-length': 'packet_size',
    'packet-content-length': 'content_size',
    'default-clock-timestamp': 'timestamp_begin',
    'packet-end-default-clock-timestamp': 'timestamp_end',
    'discarded-event-record-counter-snapshot': 'events_discarded',
    'packet-sequence-number': 'packet_seq_num',
  },
};

/** The name that a field with `role` has in CTF 1.8; undefined: the name does not matter, or the role can't be there. */
export function nameOfRole(scope: Scope, role: Role, isRootMember: boolean): string | undefined {
  if (scope === 'event-record-header') return role === 'event-record-class-id' ? 'id' : undefined;
  return isRootMember ? packetRoleNames[scope]?.[role] : undefined;
}

/** True: a field of that name would get a role by its name, if its class suits. */
export function isReservedName(scope: Scope, name: string, isRootMember: boolean): boolean {
  if (scope === 'event-record-header') return name === 'id' || name === 'timestamp';
  return isRootMember && Object.values(packetRoleNames[scope] ?? {}).includes(name);
}
